package wire

// A field is a field of a message, as an error names it. It is a number and not its name because the decoder notes it before each
// read: a pointer to a name would have to pass the garbage collector's write barrier, which took a tenth of decoding.
type field uint8

// The fields, in the order in which the decoder has them. The faults of fieldOp are ErrOp.
const (
	fieldLength field = 1 + iota
	fieldKind
	fieldVersion
	fieldSoftware
	fieldRev
	fieldToken
	fieldN
	fieldDocument
	fieldHeld
	fieldOutstanding
	fieldBase
	fieldChannel
	fieldSeq
	fieldCaret
	fieldClient
	fieldKindOfDocument
	fieldAnchor
	fieldHead
	fieldUser
	fieldMaxOpText
	fieldMaxMessage
	fieldMaxDocument
	fieldPingInterval
	fieldPlace
	fieldHash
	fieldSpread
	fieldOutcome
	fieldOutcomeRev
	fieldLastSeq
	fieldResume
	fieldRefusal
	fieldMore
	fieldFirst
	fieldCount
	fieldSession
	fieldLineage
	fieldPeers
	fieldName
	fieldColor
	fieldLeft
	fieldCode
	fieldRetryAfter
	fieldText
	fieldAccess
	fieldOp
)

var fieldNames = [...]string{
	fieldLength:         "length",
	fieldKind:           "kind",
	fieldVersion:        "version",
	fieldSoftware:       "software",
	fieldRev:            "rev",
	fieldToken:          "token",
	fieldN:              "n",
	fieldDocument:       "document",
	fieldHeld:           "held",
	fieldOutstanding:    "outstanding",
	fieldBase:           "base",
	fieldChannel:        "channel",
	fieldSeq:            "seq",
	fieldCaret:          "caret",
	fieldClient:         "client",
	fieldKindOfDocument: "kind of document",
	fieldAnchor:         "anchor",
	fieldHead:           "head",
	fieldUser:           "user",
	fieldMaxOpText:      "max op text",
	fieldMaxMessage:     "max message",
	fieldMaxDocument:    "max document",
	fieldPingInterval:   "ping interval",
	fieldPlace:          "place",
	fieldHash:           "hash",
	fieldSpread:         "spread",
	fieldOutcome:        "outcome",
	fieldOutcomeRev:     "outcome rev",
	fieldLastSeq:        "last seq",
	fieldResume:         "resume",
	fieldRefusal:        "refusal",
	fieldMore:           "more",
	fieldFirst:          "first",
	fieldCount:          "count",
	fieldSession:        "session",
	fieldLineage:        "lineage",
	fieldPeers:          "peers",
	fieldName:           "name",
	fieldColor:          "color",
	fieldLeft:           "left",
	fieldCode:           "code",
	fieldRetryAfter:     "retry after",
	fieldText:           "text",
	fieldAccess:         "access",
	fieldOp:             "op",
}

func (f field) String() string { return fieldNames[f] }
