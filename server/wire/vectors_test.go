package wire

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write testdata/wire and the examples of PROTOCOL.md anew from the cases")

const vectorsDir = "../../testdata/wire/"

// A vector is a line of testdata/wire/*.jsonl.
type vector struct {
	Name     string            `json:"name"`
	From     string            `json:"from"`
	Hex      string            `json:"hex"`
	Message  json.RawMessage   `json:"message,omitempty"`
	Messages []json.RawMessage `json:"messages,omitempty"`
	Error    bool              `json:"error,omitempty"`
	Code     string            `json:"code,omitempty"`
}

func acceptedVectors(t *testing.T, from string, cases []acceptedCase) []vector {
	var out []vector
	for _, c := range cases {
		message := json.RawMessage(expand(c.json))
		out = append(out, vector{Name: c.name, From: from, Hex: hex.EncodeToString(bytesOf(t, from, message)), Message: message})
	}
	return out
}

// bytesOf is the bytes that a message in its JSON form has, by the independent writer.
func bytesOf(t *testing.T, from string, message []byte) []byte {
	value, err := unmarshal(message)
	require.NoError(t, err, "%s", message)
	object, ok := value.(map[string]any)
	require.True(t, ok, "%s", message)
	b, err := encodeJSON(from, object)
	require.NoError(t, err)
	return b
}

// vectorFiles is what testdata/wire must hold.
func vectorFiles(t *testing.T) map[string][]vector {
	files := map[string][]vector{
		"client.jsonl": acceptedVectors(t, "client", append(clientCases, pingCases()...)),
		"server.jsonl": acceptedVectors(t, "server", append(serverCases, pingCases()...)),
	}
	for _, c := range frameCases {
		v := vector{Name: c.name, From: c.from}
		for _, message := range c.json {
			message := json.RawMessage(expand(message))
			v.Messages = append(v.Messages, message)
			v.Hex += hex.EncodeToString(bytesOf(t, c.from, message))
		}
		files["frames.jsonl"] = append(files["frames.jsonl"], v)
	}
	for _, c := range refusedCases() {
		v := vector{Name: c.name, From: c.from, Hex: hex.EncodeToString(c.frame), Error: true, Code: c.code.String()}
		files["refused.jsonl"] = append(files["refused.jsonl"], v)
	}
	return files
}

func TestVectorsAreThoseOfTheCases(t *testing.T) {
	total := 0
	for name, vectors := range vectorFiles(t) {
		var want bytes.Buffer
		names := map[string]bool{}
		for _, v := range vectors {
			require.False(t, names[v.Name], "%s: two cases %q", name, v.Name)
			names[v.Name] = true
			want.Write(marshal(v))
			want.WriteByte('\n')
		}
		total += len(vectors)
		if *update {
			require.NoError(t, os.WriteFile(vectorsDir+name, want.Bytes(), 0o644))
		}
		require.True(t, want.String() == readFile(vectorsDir+name), "%s is not what the cases make: go test -run Vectors -update", name)
	}
	require.GreaterOrEqual(t, total, 80)
}

func TestVectors(t *testing.T) {
	for _, name := range []string{"client.jsonl", "server.jsonl", "frames.jsonl", "refused.jsonl"} {
		for _, v := range readVectors(name) {
			t.Run(name+"/"+v.Name, func(t *testing.T) { checkVector(t, v) })
		}
	}
}

func readVectors(file string) []vector {
	var out []vector
	for line := range strings.Lines(readFile(vectorsDir + file)) {
		var v vector
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			panic(err)
		}
		out = append(out, v)
	}
	return out
}

func checkVector(t *testing.T, v vector) {
	frame, err := hex.DecodeString(v.Hex)
	require.NoError(t, err)
	if v.Error {
		_, err := decodeAll(v.From, frame)
		require.ErrorIs(t, err, ErrMessage)
		require.Equal(t, v.Code, CodeOf(err).String(), "%v", err)
		return
	}
	want := v.Messages
	if v.Message != nil {
		want = append(want, v.Message)
	}
	checkFrame(t, v.From, frame, want)
}

// checkFrame decodes a frame, compares what it holds with the messages in their JSON form, and encodes it again.
func checkFrame(t *testing.T, from string, frame []byte, want []json.RawMessage) {
	messages, err := decodeAll(from, frame)
	require.NoError(t, err)
	require.Len(t, messages, len(want))
	var again, anew []byte
	for i, m := range messages {
		described, err := unmarshal(want[i])
		require.NoError(t, err)
		require.Equal(t, described, any(describe(m)))
		again = m.Append(again)
		anew = withoutBytes(m).Append(anew)
	}
	require.Equal(t, frame, again)
	require.Equal(t, frame, anew, "with the op encoded anew")
}

func decodeAll(from string, frame []byte) ([]Message, error) {
	var out []Message
	each := func(m Message) error {
		out = append(out, m)
		return nil
	}
	decode := DecodeServer
	if from == "client" {
		decode = DecodeClient
	}
	err := decode(frame, Limits{}, each)
	return out, err
}

// withoutBytes is the message without the encoding of its op.
func withoutBytes(m Message) Message {
	switch m := m.(type) {
	case Submit:
		m.OpBytes = nil
		return m
	case Open:
		m.Outstanding.Value.OpBytes = nil
		return m
	case Snapshot:
		m.OpBytes = nil
		return m
	case Commits:
		m.OpBytes = nil
		return m
	}
	return m
}
