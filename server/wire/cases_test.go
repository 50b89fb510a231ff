package wire

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// The ids of the examples.
const (
	exampleDocument = "6f1d8a02c4b35e7791a0e4d2833bc5f6"
	exampleEpoch    = "0b5e9d7c21f3486a"
	exampleClient   = "d41c7b9e05f2a6833f6ab8177e90c25d"
	exampleEarlier  = "83aa019c5de4472fb06c1e93d7f8254b" // the id of a page that was closed
	exampleForeign  = "52b7c3e1900d4fa8b6612d7f08ce9a34" // another document's id
)

var placeMark = regexp.MustCompile(`"@(place|foreign|cut)(\d+)"`)

// expand replaces the short marks of cases and flows: "@place7" is the example document's place at revision 7, "@foreign7" one
// of another document, "@cut7" one of another epoch; "@client" and "@earlier" are client ids.
func expand(text string) string {
	text = placeMark.ReplaceAllStringFunc(text, func(mark string) string {
		m := placeMark.FindStringSubmatch(mark)
		id, epoch := exampleDocument, exampleEpoch
		switch m[1] {
		case "foreign":
			id = exampleForeign
		case "cut":
			epoch = "f2904c6be8a1375d"
		}
		rev, _ := strconv.Atoi(m[2])
		return fmt.Sprintf(`{"id":%q,"epoch":%q,"rev":%d,"lineage":%q}`, id, epoch, rev, exampleLineage(rev))
	})
	return strings.NewReplacer(`"@client"`, strconv.Quote(exampleClient), `"@earlier"`, strconv.Quote(exampleEarlier),
		`"@lineage"`, strconv.Quote(exampleLineage(45))).Replace(text)
}

func exampleLineage(rev int) string {
	if rev == 0 {
		return "0000000000000000"
	}
	sum := sha256.Sum256([]byte(strconv.Itoa(rev)))
	return hex.EncodeToString(sum[:8])
}

// An acceptedCase is a message, in its JSON form with marks.
type acceptedCase struct{ name, json string }

func long(n int) string { return strings.Repeat("x", n) }

var clientCases = []acceptedCase{
	{"hello with a token", `{"kind":"hello","version":1,"token":"eyJhbGciOi","software":"tandem-js 1.0"}`},
	{"hello without a token", `{"kind":"hello","version":1,"token":null,"software":"tandem-js 1.0"}`},
	{"hello with an empty token and no name", `{"kind":"hello","version":1,"token":"","software":""}`},
	{"hello with the longest token and name", `{"kind":"hello","version":1,"token":"` + long(2048) + `","software":"` + long(64) + `"}`},
	{"open fresh", `{"kind":"open","channel":1,"document":"notes/today","documentKind":"text","client":"@client","held":null,"outstanding":null,"user":null}`},
	{"open rich, astral name", `{"kind":"open","channel":2,"document":"日記/🦊","documentKind":"rich","client":"@client","held":null,"outstanding":null,"user":null}`},
	{"open with the longest name", `{"kind":"open","channel":1,"document":"` + long(128) + `","documentKind":"text","client":"@client","held":null,"outstanding":null,"user":null}`},
	{"open resuming", `{"kind":"open","channel":1,"document":"notes/today","documentKind":"text","client":"@client","held":"@place42","outstanding":null,"user":null}`},
	{"open resuming with a submission", `{"kind":"open","channel":1,"document":"notes/today","documentKind":"text","client":"@client","held":"@place44","outstanding":{"client":"@client","seq":9,"base":"@place42","op":[5,"ah",-1]},"user":null}`},
	{"open with an earlier page's submission", `{"kind":"open","channel":3,"document":"notes/today","documentKind":"rich","client":"@client","held":"@place0","outstanding":{"client":"@earlier","seq":1,"base":"@place0","op":[["Hi","bold",true]]},"user":null}`},
	{"open with a submission and nothing held", `{"kind":"open","channel":1,"document":"notes/today","documentKind":"text","client":"@client","held":null,"outstanding":{"client":"@client","seq":9007199254740991,"base":"@foreign7","op":[-1]},"user":null}`},
	{"open with the user", `{"kind":"open","channel":1,"document":"notes/today","documentKind":"text","client":"@client","held":null,"outstanding":null,"user":{"name":"Ada","color":"#3366cc"}}`},
	{"open with a submission and the longest user", `{"kind":"open","channel":1,"document":"notes/today","documentKind":"text","client":"@client","held":"@place44","outstanding":{"client":"@client","seq":9,"base":"@place42","op":[5,"ah",-1]},"user":{"name":"` + long(64) + `","color":"` + long(32) + `"}}`},
	{"submit of a letter", `{"kind":"submit","channel":1,"seq":1,"base":0,"op":["a"],"caret":1}`},
	{"submit without a caret", `{"kind":"submit","channel":1,"seq":2,"base":42,"op":[5,-1],"caret":null}`},
	{"submit of replaced text", `{"kind":"submit","channel":1,"seq":7,"base":42,"op":[5,"abc",-3],"caret":8}`},
	{"submit of an insert after a delete", `{"kind":"submit","channel":1,"seq":7,"base":42,"op":[5,-3,"abc"],"caret":8}`},
	{"submit of astral text", `{"kind":"submit","channel":1,"seq":8,"base":43,"op":[2,"🦊é\u0000\"\\"],"caret":7}`},
	{"submit of attributes", `{"kind":"submit","channel":1,"seq":9,"base":44,"op":[[5,"bold",true,"italic",false,"link",null,"size",-12],3,["x","href","a?b"]],"caret":9}`},
	{"submit of embeds", `{"kind":"submit","channel":1,"seq":10,"base":45,"op":[1,[null,"image","a.png"],[null,"image","a.png","alt","A","width",640]],"caret":3}`},
	{"submit with keys in the order of their UTF-8", `{"kind":"submit","channel":1,"seq":11,"base":45,"op":[[1,"a",1,"b",2,"\uffee",3,"😀",4]],"caret":null}`},
	{"submit of the empty op", `{"kind":"submit","channel":1,"seq":12,"base":45,"op":[],"caret":null}`},
	{"submit with large numbers", `{"kind":"submit","channel":9007199254740991,"seq":9007199254740991,"base":9007199254740991,"op":[16777216,-16777216,"z"],"caret":9007199254740991}`},
	{"submit of 300 bytes", `{"kind":"submit","channel":1,"seq":1,"base":0,"op":["` + long(300) + `"],"caret":300}`},
	{"submit of 70000 bytes", `{"kind":"submit","channel":1,"seq":1,"base":0,"op":["` + long(70000) + `"],"caret":70000}`},
	{"submit of 20 components", `{"kind":"submit","channel":1,"seq":1,"base":0,"op":[` + strings.Repeat(`1,"y",`, 9) + `1,-1],"caret":null}`},
	{"presence of a caret", `{"kind":"presence","channel":1,"rev":45,"anchor":12,"head":12,"user":null}`},
	{"presence of a selection, backwards", `{"kind":"presence","channel":1,"rev":45,"anchor":300,"head":12,"user":null}`},
	{"presence with the user", `{"kind":"presence","channel":1,"rev":45,"anchor":12,"head":12,"user":{"name":"Ada","color":"#3366cc"}}`},
	{"presence without a caret", `{"kind":"presence","channel":1,"rev":45,"anchor":null,"head":null,"user":null}`},
	{"presence of a long and an empty string", `{"kind":"presence","channel":1,"rev":0,"anchor":null,"head":null,"user":{"name":"` + long(64) + `","color":""}}`},
	{"refresh", `{"kind":"refresh","token":"eyJhbGciOj"}`},
	{"refresh with the longest token", `{"kind":"refresh","token":"` + long(2048) + `"}`},
	{"close", `{"kind":"close","channel":1}`},
	{"close of channel 200", `{"kind":"close","channel":200}`},
}

// pingCases go in both directions, and have every length of integer.
func pingCases() []acceptedCase {
	var cases []acceptedCase
	for _, n := range []int64{0, 1, 127, 128, 255, 256, 65535, 65536, 1<<32 - 1, 1 << 32, 1<<53 - 1} {
		cases = append(cases, acceptedCase{fmt.Sprintf("ping %d", n), fmt.Sprintf(`{"kind":"ping","n":%d}`, n)})
	}
	return append(cases, acceptedCase{"pong", `{"kind":"pong","n":7}`})
}

var serverCases = []acceptedCase{
	{"welcome", `{"kind":"welcome","version":1,"software":"tandem 1.0","maxOpText":131072,"maxMessage":262144,"maxDocument":16777216,"pingInterval":25000}`},
	{"opened fresh", `{"kind":"opened","channel":1,"place":"@place0","access":"write","session":1,"outcome":"none","outcomeRev":null,"lastSeq":0,"resume":false,"refusal":null}`},
	{"opened to read", `{"kind":"opened","channel":1,"place":"@place45","access":"read","session":300,"outcome":"none","outcomeRev":null,"lastSeq":0,"resume":true,"refusal":null}`},
	{"opened, committed at a known revision", `{"kind":"opened","channel":1,"place":"@place47","access":"write","session":4,"outcome":"committed","outcomeRev":46,"lastSeq":9,"resume":true,"refusal":null}`},
	{"opened, committed once", `{"kind":"opened","channel":1,"place":"@place47","access":"write","session":4,"outcome":"committed","outcomeRev":null,"lastSeq":9,"resume":false,"refusal":null}`},
	{"opened, void", `{"kind":"opened","channel":1,"place":"@cut45","access":"write","session":4,"outcome":"void","outcomeRev":null,"lastSeq":8,"resume":false,"refusal":null}`},
	{"opened, unknown", `{"kind":"opened","channel":1,"place":"@place45","access":"write","session":4,"outcome":"unknown","outcomeRev":null,"lastSeq":0,"resume":false,"refusal":null}`},
	{"opened, refused for read-only", `{"kind":"opened","channel":1,"place":"@place45","access":"read","session":4,"outcome":"refused","outcomeRev":null,"lastSeq":8,"resume":true,"refusal":9}`},
	{"opened, refused with a code of later days", `{"kind":"opened","channel":1,"place":"@place45","access":"write","session":4,"outcome":"refused","outcomeRev":null,"lastSeq":8,"resume":true,"refusal":2147483647}`},
	{"snapshot, last piece", `{"kind":"snapshot","channel":1,"op":["Hello, world"],"more":false}`},
	{"snapshot, a piece", `{"kind":"snapshot","channel":1,"op":["` + long(1000) + `"],"more":true}`},
	{"snapshot of nothing", `{"kind":"snapshot","channel":1,"op":[],"more":false}`},
	{"snapshot, rich", `{"kind":"snapshot","channel":1,"op":["a",["b","bold",true],[null,"image","a.png","alt","A"],"c"],"more":false}`},
	{"commits, one", `{"kind":"commits","channel":1,"first":45,"count":1,"op":[5,"h"],"session":3,"caret":6,"lineage":"@lineage"}`},
	{"commits, one without a caret", `{"kind":"commits","channel":1,"first":45,"count":1,"op":[5,-2],"session":3,"caret":null,"lineage":null}`},
	{"commits, one of nobody known", `{"kind":"commits","channel":1,"first":1,"count":1,"op":["import"],"session":null,"caret":null,"lineage":"@lineage"}`},
	{"commits, emptied by transformation", `{"kind":"commits","channel":1,"first":46,"count":1,"op":[],"session":3,"caret":4,"lineage":null}`},
	{"commits, composed", `{"kind":"commits","channel":1,"first":46,"count":120,"op":[5,-7,"there",400,["!","bold",true]],"session":null,"caret":null,"lineage":"@lineage"}`},
	{"commits, composed, no lineage", `{"kind":"commits","channel":1,"first":70000,"count":2,"op":[[1,"bold",null]],"session":null,"caret":null,"lineage":null}`},
	{"commits, more than a submission may have", `{"kind":"commits","channel":1,"first":7,"count":1,"op":[` + strings.Repeat(`1,-1,`, 2499) + `1,-1],"session":2,"caret":null,"lineage":null}`},
	{"ack", `{"kind":"ack","channel":1,"seq":9,"place":"@place46"}`},
	{"ack with large numbers", `{"kind":"ack","channel":70000,"seq":4294967296,"place":"@place4294967295"}`},
	{"presence of one", `{"kind":"presence","channel":1,"rev":46,"peers":[{"session":3,"anchor":6,"head":6,"name":"Ada","color":"#3366cc"}],"left":[]}`},
	{"presence of two, and one left", `{"kind":"presence","channel":1,"rev":46,"peers":[{"session":3,"anchor":6,"head":12,"name":"Ada","color":"#3366cc"},{"session":5,"anchor":null,"head":null,"name":"","color":""}],"left":[2]}`},
	{"presence, only left", `{"kind":"presence","channel":1,"rev":46,"peers":[],"left":[2,200,70000]}`},
	{"presence, 17 left", `{"kind":"presence","channel":1,"rev":46,"peers":[],"left":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17]}`},
	{"access to read", `{"kind":"access","channel":1,"access":"read"}`},
	{"access to write", `{"kind":"access","channel":1,"access":"write"}`},
	{"check", `{"kind":"check","channel":1,"rev":46,"hash":3607101424108211}`},
	{"check of the empty document", `{"kind":"check","channel":1,"rev":0,"hash":0}`},
	{"error that ends a session", `{"kind":"error","channel":1,"code":1,"seq":null,"lastSeq":null,"retryAfter":null,"text":"the document is loaded anew"}`},
	{"error of a submission", `{"kind":"error","channel":1,"code":9,"seq":9,"lastSeq":8,"retryAfter":null,"text":"read only"}`},
	{"error, busy", `{"kind":"error","channel":2,"code":11,"seq":null,"lastSeq":null,"retryAfter":2000,"text":""}`},
	{"error of a submission, no space", `{"kind":"error","channel":1,"code":10,"seq":9,"lastSeq":0,"retryAfter":30000,"text":"disk full"}`},
	{"error of the connection", `{"kind":"error","channel":null,"code":15,"seq":null,"lastSeq":null,"retryAfter":null,"text":"token expired"}`},
	{"error of later days", `{"kind":"error","channel":1,"code":99,"seq":null,"lastSeq":null,"retryAfter":0,"text":"` + long(512) + `"}`},
	{"goaway", `{"kind":"goaway","spread":5000}`},
	{"goaway at once", `{"kind":"goaway","spread":0}`},
}

// A frameCase is a frame of several messages.
type frameCase struct {
	name, from string
	json       []string
}

var frameCases = []frameCase{
	{"two opens and a ping", "client", []string{
		`{"kind":"open","channel":1,"document":"a","documentKind":"text","client":"@client","held":null,"outstanding":null,"user":null}`,
		`{"kind":"open","channel":2,"document":"b","documentKind":"rich","client":"@earlier","held":"@foreign3","outstanding":null,"user":null}`,
		`{"kind":"ping","n":1}`,
	}},
	{"a catch-up cut at the own commit", "server", []string{
		`{"kind":"opened","channel":1,"place":"@place47","access":"write","session":4,"outcome":"committed","outcomeRev":46,"lastSeq":9,"resume":true,"refusal":null}`,
		`{"kind":"commits","channel":1,"first":43,"count":3,"op":["ab"],"session":null,"caret":null,"lineage":null}`,
		`{"kind":"ack","channel":1,"seq":9,"place":"@place46"}`,
		`{"kind":"commits","channel":1,"first":47,"count":1,"op":[-1],"session":3,"caret":0,"lineage":"@lineage"}`,
		`{"kind":"check","channel":1,"rev":47,"hash":12345}`,
	}},
	{"two channels take turns", "server", []string{
		`{"kind":"commits","channel":1,"first":8,"count":1,"op":["x"],"session":1,"caret":1,"lineage":"@lineage"}`,
		`{"kind":"commits","channel":2,"first":3,"count":1,"op":["y"],"session":9,"caret":1,"lineage":"@lineage"}`,
		`{"kind":"ping","n":3}`,
	}},
}
