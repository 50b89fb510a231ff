package doc_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"tandem/doc"
	"tandem/ot"
	"tandem/ot/ottest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// place is where every document of these tests begins.
var place = doc.Place{ID: doc.ID{1}, Epoch: doc.Epoch{2}}

// rig drives a State, and keeps what is durable.
type rig struct {
	t      *testing.T
	state  *doc.State
	stored *doc.Stored
	cfg    doc.StateConfig
}

func newRig(t *testing.T, cfg doc.StateConfig) *rig {
	return rigOf(t, cfg, &doc.Stored{
		Kind: doc.Text, Snapshot: doc.Snapshot{Place: place, Content: ot.NewText()}, Clients: map[doc.ClientID]doc.Record{},
	})
}

func rigOf(t *testing.T, cfg doc.StateConfig, stored *doc.Stored) *rig {
	r := &rig{t: t, stored: stored, cfg: cfg}
	r.load()
	return r
}

// load begins anew from what is durable.
func (r *rig) load() {
	stored := *r.stored
	stored.Clients = map[doc.ClientID]doc.Record{}
	for c, record := range r.stored.Clients {
		stored.Clients[c] = record
	}
	var err error
	r.state, err = doc.NewState(&stored, r.cfg)
	require.NoError(r.t, err)
}

// turn takes a turn, and makes durable what it commits.
func (r *rig) turn(in doc.Inbox) []doc.Effect {
	batch, effects := r.state.Turn(&in)
	if batch == nil {
		return effects
	}
	require.Equal(r.t, r.stored.Place(), batch.Prev)
	r.stored.Commits = append(r.stored.Commits, batch.Commits...)
	for _, c := range batch.Commits {
		r.stored.Clients[c.Client] = doc.Record{Seq: c.Seq, Rev: c.Rev, Digest: c.Digest}
	}
	return append(effects, r.state.Committed()...)
}

func client(n byte) doc.ClientID { return doc.ClientID{n} }

// open attaches a client that holds nothing.
func (r *rig) open(n byte) doc.SessionNumber {
	o := &doc.OpenRequest{Client: client(n)}
	r.turn(doc.Inbox{Opens: []*doc.OpenRequest{o}})
	require.NoError(r.t, o.Err)
	return o.Session
}

// sub is a submission of an op in the notation of the vectors.
func sub(session doc.SessionNumber, n byte, seq doc.Seq, base doc.Revision, op string) *doc.Submission {
	parsed := ottest.MustParse(op)
	return &doc.Submission{
		Session: session, Name: doc.Name{Client: client(n), Seq: seq}, Base: base, Op: parsed, Bytes: ot.AppendOp(nil, parsed), Caret: -1,
	}
}

// submit commits, and must not be refused.
func (r *rig) submit(s *doc.Submission) {
	r.t.Helper()
	require.Empty(r.t, r.turn(doc.Inbox{Submissions: []*doc.Submission{s}}))
}

// at is the place of a revision that is durable.
func (r *rig) at(rev doc.Revision) *doc.Place {
	p := place
	if p.Rev = rev; rev > 0 {
		p.Lineage = r.stored.Commits[rev-1].Lineage
	}
	return &p
}

func (r *rig) text() string { return r.state.Content().String() }
