package trace

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// A Dag is a session with its real concurrency.
type Dag struct {
	Header       Header
	Transactions []DagTransaction
}

// A DagTransaction is what one agent did at once, on the merge of its parents.
type DagTransaction struct {
	Agent   int     `json:"a"`
	Parents []int   `json:"p"` // indexes into Dag.Transactions
	Patches []Patch `json:"x"`
}

// ReadDag reads a dagtrace/1 file (R2). Its errors wrap ErrFormat, or the file system's.
func ReadDag(path string) (*Dag, error) {
	l, err := openLines(path)
	if err != nil {
		return nil, err
	}
	defer l.close()
	d := &Dag{}
	if d.Header, err = l.header(FormatDag); err != nil {
		return nil, err
	}
	patches := 0
	for {
		line, err := l.next()
		if err != nil {
			return nil, err
		}
		if line == nil {
			break
		}
		tx, err := d.parse(line)
		if err != nil {
			return nil, l.errorf("%w", err)
		}
		d.Transactions = append(d.Transactions, tx)
		patches += len(tx.Patches)
	}
	if err := l.want("transactions", d.Header.Txns, len(d.Transactions)); err != nil {
		return nil, err
	}
	return d, l.want("patches", d.Header.Patches, patches)
}

// parse reads one transaction, which must name an agent of the header and parents that came before it.
func (d *Dag) parse(line []byte) (DagTransaction, error) {
	var tx DagTransaction
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&tx); err != nil {
		return tx, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return tx, errors.New("more than one value on the line")
	}
	if tx.Agent < 0 || tx.Agent >= d.Header.Agents {
		return tx, fmt.Errorf("agent %d of %d", tx.Agent, d.Header.Agents)
	}
	if len(tx.Patches) == 0 {
		return tx, errors.New("a transaction without patches")
	}
	for _, p := range tx.Parents {
		if p < 0 || p >= len(d.Transactions) {
			return tx, fmt.Errorf("transaction %d has the parent %d", len(d.Transactions), p)
		}
	}
	return tx, nil
}

// Seen tells, for each transaction, how long a prefix of the file's order its agent had seen when it was made: its base is
// that prefix and the agent's own transactions, nothing else. It fails for a session in which that is not so, since a
// central order in the file's order cannot replay it.
func (d *Dag) Seen() ([]int, error) {
	none := make([]int, d.Header.Agents)
	for b := range none {
		none[b] = -1
	}
	var (
		seen  = make([]int, len(d.Transactions))
		known = make([][]int, len(d.Transactions)) // by agent: the last of its transactions among the ancestors and itself
		last  = none                               // the same for the file up to here
		lasts = make([][]int, len(d.Transactions)) // last, before each transaction
	)
	for i, tx := range d.Transactions {
		lasts[i] = last
		mine := append([]int(nil), none...)
		for _, p := range tx.Parents {
			for b, j := range known[p] {
				mine[b] = max(mine[b], j)
			}
		}
		for b, j := range mine {
			if b != tx.Agent {
				seen[i] = max(seen[i], j+1)
			}
		}
		for b, j := range mine {
			want := lasts[seen[i]] // seen[i] ≤ i
			if b == tx.Agent {
				want = last
			}
			if j != want[b] {
				return nil, fmt.Errorf("transaction %d of %s: its base is not a prefix of the file's order and agent %d's own", i, d.Header.Name, tx.Agent)
			}
		}
		mine[tx.Agent] = i
		known[i] = mine
		last = append([]int(nil), last...)
		last[tx.Agent] = i
	}
	return seen, nil
}
