package wire

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/require"

	"tandem/doc"
	"tandem/ot"
)

const protocolPath = "PROTOCOL.md"

// A block is a fenced block of PROTOCOL.md.
type block struct {
	info  string // the words behind the fence
	lines []string
}

var fence = regexp.MustCompile("(?ms)^```(wire client|wire server|flow|hash)\n(.*?)^```$")

func blocks(t *testing.T, kind string) []block {
	var out []block
	for _, m := range fence.FindAllStringSubmatch(readFile(protocolPath), -1) {
		if strings.HasPrefix(m[1], kind) {
			out = append(out, block{m[1], strings.Split(strings.TrimSuffix(m[2], "\n"), "\n")})
		}
	}
	require.NotEmpty(t, out)
	return out
}

// TestProtocolExamples executes the wire blocks: line 1 is a message in its JSON form, or an array of several in one frame,
// line 2 the frame in hex, line 3 the frame read back.
func TestProtocolExamples(t *testing.T) {
	if *update {
		updateExamples(t)
	}
	kinds := map[string]bool{}
	for _, b := range blocks(t, "wire ") {
		from := strings.TrimPrefix(b.info, "wire ")
		require.Len(t, b.lines, 3)
		messages := exampleMessages(t, b.lines[0])
		require.Equal(t, exampleLines(t, from, b.lines[0]), b.lines[1:], "go test -run Protocol -update")
		frame, err := hex.DecodeString(strings.ReplaceAll(b.lines[1], " ", ""))
		require.NoError(t, err)
		checkFrame(t, from, frame, messages)
		for _, m := range messages {
			var named struct{ Kind string }
			require.NoError(t, json.Unmarshal(m, &named))
			kinds[from+" "+named.Kind] = true
		}
	}
	for from, layout := range layouts {
		for kind := range layout {
			if kind != "ping" && kind != "pong" {
				require.True(t, kinds[from+" "+kind], "no example of %s %s", from, kind)
			}
		}
	}
}

func exampleMessages(t *testing.T, line string) []json.RawMessage {
	if !strings.HasPrefix(line, "[") {
		return []json.RawMessage{json.RawMessage(line)}
	}
	var messages []json.RawMessage
	require.NoError(t, json.Unmarshal([]byte(line), &messages))
	return messages
}

// exampleLines are the second and third line of a wire block.
func exampleLines(t *testing.T, from, line string) []string {
	var digits, reading []string
	for _, m := range exampleMessages(t, line) {
		b := bytesOf(t, from, m)
		value, err := dec(bytes.NewReader(b))
		require.NoError(t, err)
		digits = append(digits, grouped(b))
		reading = append(reading, notation(value))
	}
	return []string{strings.Join(digits, "  "), strings.Join(reading, " ")}
}

func updateExamples(t *testing.T) {
	text := fence.ReplaceAllStringFunc(readFile(protocolPath), func(s string) string {
		m := fence.FindStringSubmatch(s)
		first, _, _ := strings.Cut(m[2], "\n")
		lines := []string{first}
		switch from, ok := strings.CutPrefix(m[1], "wire "); {
		case ok:
			lines = append(lines, exampleLines(t, from, first)...)
		case m[1] == "hash":
			lines = append(lines, strconv.FormatInt(slowHash(t, first), 10))
		default:
			return s
		}
		return "```" + m[1] + "\n" + strings.Join(lines, "\n") + "\n```"
	})
	text = replaceTable(text, "Error codes", codeRows())
	text = replaceTable(text, "Close codes", closeRows())
	require.NoError(t, os.WriteFile(protocolPath, []byte(text), 0o644))
}

// TestProtocolFlows reads the flow blocks: each line is C or S and a message, with marks.
func TestProtocolFlows(t *testing.T) {
	for _, b := range blocks(t, "flow") {
		for _, line := range b.lines {
			from := map[string]string{"C ": "client", "S ": "server"}[line[:2]]
			message := json.RawMessage(expand(line[2:]))
			checkFrame(t, from, bytesOf(t, from, message), []json.RawMessage{message})
		}
	}
}

// TestProtocolHash holds the hash blocks against a second computation: line 1 is a content, line 2 its hash.
func TestProtocolHash(t *testing.T) {
	for _, b := range blocks(t, "hash") {
		require.Len(t, b.lines, 2)
		require.Equal(t, strconv.FormatInt(slowHash(t, b.lines[0]), 10), b.lines[1])
		value, err := unmarshal([]byte(b.lines[0]))
		require.NoError(t, err)
		content, err := ot.DecodeOp(enc(value), ot.DefaultLimits)
		require.NoError(t, err)
		text, err := ot.TextOf(content)
		require.NoError(t, err)
		require.Equal(t, b.lines[1], strconv.FormatUint(text.Hash(), 10))
	}
}

func slowHash(t *testing.T, content string) int64 {
	value, err := unmarshal([]byte(content))
	require.NoError(t, err)
	halves := [2]int64{}
	for i, m := range [2]struct{ p, base int64 }{{67108859, 31415927}, {67108837, 27182819}} {
		poly := func(h int64, values ...any) int64 {
			for _, v := range values {
				for _, x := range enc(v) {
					h = (h*m.base + int64(x) + 1) % m.p
				}
			}
			return h
		}
		add := func(e int64) { halves[i] = (halves[i]*m.base + e%m.p) % m.p }
		for _, c := range value.([]any) {
			list, ok := c.([]any)
			if !ok {
				list = arr(c)
			}
			if list[0] == nil {
				add(65537 + poly(0, list[1], list[2]) + poly(0, list[3:]...))
				continue
			}
			for _, u := range utf16.Encode([]rune(list[0].(string))) {
				add(int64(u) + 1 + poly(0, list[1:]...))
			}
		}
	}
	return halves[0]<<26 + halves[1]
}

// tableRows are the cells of the first table under a heading, without its head.
func tableRows(t *testing.T, heading string) [][]string {
	_, section, ok := strings.Cut(readFile(protocolPath), "\n## "+heading+"\n")
	require.True(t, ok, heading)
	section, _, _ = strings.Cut(section, "\n## ")
	var rows [][]string
	for line := range strings.SplitSeq(section, "\n") {
		if !strings.HasPrefix(line, "|") {
			continue
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		rows = append(rows, cells)
	}
	require.Greater(t, len(rows), 2, heading)
	return rows[2:]
}

var tableHead = regexp.MustCompile(`(?m)^\|[^\n]*\|\n\|---[^\n]*\|\n(\|[^\n]*\|\n)*`)

func replaceTable(text, heading string, rows [][]string) string {
	before, after, _ := strings.Cut(text, "\n## "+heading+"\n")
	span := tableHead.FindStringIndex(after)
	table := after[span[0]:span[1]]
	head := strings.SplitAfterN(table, "\n", 3)[:2]
	for _, row := range rows {
		head = append(head, "| "+strings.Join(row, " | ")+" |\n")
	}
	return before + "\n## " + heading + "\n" + after[:span[0]] + strings.Join(head, "") + after[span[1]:]
}

func codeRows() [][]string {
	var rows [][]string
	for i := 1; i < len(codeInfo); i++ {
		c := Code(i)
		ends := "the session"
		if !c.EndsSession(true) {
			ends = "nothing, with `seq`"
		}
		rows = append(rows, []string{strconv.Itoa(i), c.String(), c.Meaning(), yes(c.MayRetry()), ends, strconv.Itoa(int(c.Close()))})
	}
	return rows
}

func closeRows() [][]string {
	var rows [][]string
	for _, row := range closeInfo {
		rows = append(rows, []string{strconv.Itoa(int(row.code)), row.word, row.meaning, yes(row.code.ComeBack())})
	}
	return rows
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func TestProtocolTablesOfCodes(t *testing.T) {
	require.Equal(t, codeRows(), tableRows(t, "Error codes"))
	require.Equal(t, closeRows(), tableRows(t, "Close codes"))
}

func TestProtocolLimits(t *testing.T) {
	lim, op := ClientLimits(), ot.DefaultLimits
	want := map[string]int{
		"frame before welcome": MaxFirstFrame, "frame from the client": lim.Message, "token": MaxToken, "software": MaxSoftware,
		"document name": doc.MaxName, "user name": MaxUserName, "user color": MaxColor, "error text": MaxErrorText, "peers": lim.Peers,
		"components": op.Components, "attributes": op.Attributes, "attribute key": op.Key, "attribute value": op.Value,
		"inserted text": op.Text, "embed type": op.EmbedType, "embed value": op.Embed, "component length": op.Length,
		"document": ot.MaxDocument,
	}
	got := map[string]int{}
	for _, row := range tableRows(t, "Limits") {
		n, err := strconv.Atoi(row[1])
		require.NoError(t, err)
		got[row[0]] = n
	}
	require.Equal(t, want, got)
}

// TestProtocolTablesOfFields compares the field tables with the layouts: the kinds, their numbers, and the names in order.
func TestProtocolTablesOfFields(t *testing.T) {
	text := readFile(protocolPath)
	for from, title := range map[string]string{"client": "Messages of the client", "server": "Messages of the server"} {
		_, section, _ := strings.Cut(text, "\n## "+title+"\n")
		section, _, _ = strings.Cut(section, "\n## ")
		for kind, layout := range layouts[from] {
			number, fields, _ := strings.Cut(layout, " ")
			if kind == "ping" || kind == "pong" {
				continue
			}
			_, table, ok := strings.Cut(section, fmt.Sprintf("\n### %s %s\n", number, kind))
			require.True(t, ok, "no section %s %s", number, kind)
			table, _, _ = strings.Cut(table, "\n```")
			var names []string
			for line := range strings.SplitSeq(table, "\n") {
				if cells := strings.Split(line, "|"); len(cells) > 3 && !strings.HasPrefix(line, "|---") {
					names = append(names, strings.TrimSpace(cells[1]))
				}
			}
			want := []string{"field"}
			for field := range strings.FieldsSeq(fields) {
				name, _, _ := strings.Cut(field, ":")
				want = append(want, name)
			}
			require.Equal(t, want, names, "%s", kind)
		}
	}
}
