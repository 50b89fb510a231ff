package server

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"tandem/doc"
	"tandem/ot"
)

// apiInfo is a document.
type apiInfo struct {
	Document     string       `json:"document"`
	Kind         string       `json:"kind"`
	ID           string       `json:"id"`
	Epoch        string       `json:"epoch"`
	Revision     doc.Revision `json:"revision"`
	Floor        doc.Revision `json:"floor"`
	Created      time.Time    `json:"created"`
	HistoryBytes int64        `json:"historyBytes"`
}

func (a *api) info(c *call) (*reply, error) {
	i, err := a.archive.Info(c.Context(), c.name)
	if err != nil {
		return nil, err
	}
	return &reply{value: apiInfo{
		c.name, i.Kind.String(), i.Place.ID.String(), i.Place.Epoch.String(), i.Place.Rev, i.Floor, moment(i.Created), i.HistoryBytes,
	}}, nil
}

// apiContent is a document's content at a revision.
type apiContent struct {
	Document string       `json:"document"`
	Kind     string       `json:"kind"`
	Revision doc.Revision `json:"revision"`
	Time     *time.Time   `json:"time,omitempty"`
	Units    int          `json:"units"`
	Content  ot.Op        `json:"content"`
}

// content answers from the place alone where the client has it.
func (a *api) content(c *call) (*reply, error) {
	format, given := c.query["format"]
	if given && format != "text" && format != "json" {
		return nil, fmt.Errorf("%w: format=%q; it is text or json", errRequest, format)
	}
	rev, err := c.revision("rev", -1)
	if err != nil {
		return nil, err
	}
	info, err := a.archive.Info(c.Context(), c.name)
	if err != nil {
		return nil, err
	}
	if rev < 0 {
		rev = info.Place.Rev
	}
	if tag := contentTag(info.Place, rev, format); rev <= info.Place.Rev && rev >= info.Floor && matches(c.Request, tag) {
		return &reply{etag: tag}, nil
	}
	m, err := a.history.Content(c.Context(), c.name, rev)
	if err != nil {
		return nil, err
	}
	p := &reply{etag: contentTag(m.Place, m.Place.Rev, format)}
	if format != "json" {
		p.text = m.Content.String()
		return p, nil
	}
	value := apiContent{
		Document: c.name, Kind: info.Kind.String(), Revision: m.Place.Rev, Units: m.Content.Len(), Content: m.Content.Content(),
	}
	if m.Time > 0 {
		at := moment(m.Time)
		value.Time = &at
	}
	p.value = value
	return p, nil
}

// contentTag names a content by its place: the revision of an epoch never changes (I1).
func contentTag(p doc.Place, rev doc.Revision, format string) string {
	if format != "json" {
		format = "text"
	}
	return fmt.Sprintf(`"%s-%s-%d-%s"`, p.ID, p.Epoch, rev, format)
}

// apiBlame is who wrote what.
type apiBlame struct {
	Document string       `json:"document"`
	Revision doc.Revision `json:"revision"`
	Runs     []apiRun     `json:"runs"`
}

type apiRun struct {
	From   int    `json:"from"`
	To     int    `json:"to"`
	Author string `json:"author"`
}

func (a *api) blame(c *call) (*reply, error) {
	rev, err := c.revision("rev", -1)
	if err != nil {
		return nil, err
	}
	if rev < 0 { // named, so that the answer can say which it is
		info, err := a.archive.Info(c.Context(), c.name)
		if err != nil {
			return nil, err
		}
		rev = info.Place.Rev
	}
	runs, err := a.history.Blame(c.Context(), c.name, rev)
	if err != nil {
		return nil, err
	}
	b := apiBlame{c.name, rev, make([]apiRun, len(runs))}
	for i, r := range runs {
		b.Runs[i] = apiRun(r)
	}
	return &reply{value: b}, nil
}

// apiLog is what was committed.
type apiLog struct {
	Document string       `json:"document"`
	Commits  []apiCommit  `json:"commits"`
	Next     doc.Revision `json:"next,omitempty"` // where there is more: the from of the next request
}

type apiCommit struct {
	Rev      doc.Revision `json:"rev"`
	Time     time.Time    `json:"time"`
	Author   string       `json:"author"`
	Inserted int          `json:"inserted"`
	Deleted  int          `json:"deleted"`
}

// apiLogMost is how many commits one answer tells of.
const apiLogMost = 1000

func (a *api) log(c *call) (*reply, error) {
	info, err := a.archive.Info(c.Context(), c.name)
	if err != nil {
		return nil, err
	}
	from, err := c.revision("from", info.Floor)
	if err != nil {
		return nil, err
	}
	to, err := c.revision("to", info.Place.Rev)
	if err != nil {
		return nil, err
	}
	limit, err := c.revision("limit", apiLogMost)
	if err == nil && (limit < 1 || limit > apiLogMost) {
		err = fmt.Errorf("%w: limit=%d; it is a number from 1 to %d", errRequest, limit, apiLogMost)
	}
	if err != nil {
		return nil, err
	}
	entries, err := a.history.Log(c.Context(), c.name, from, to, int(limit))
	if err != nil {
		return nil, err
	}
	l := apiLog{Document: c.name, Commits: make([]apiCommit, len(entries))}
	for i, e := range entries {
		l.Commits[i] = apiCommit{e.Rev, moment(e.Time), e.Author, e.Inserted, e.Deleted}
	}
	if n := len(entries); n > 0 && entries[n-1].Rev < to {
		l.Next = entries[n-1].Rev
	}
	return &reply{value: l}, nil
}

// apiVersion is a named version.
type apiVersion struct {
	Rev    doc.Revision `json:"rev"`
	Name   string       `json:"name"`
	Author string       `json:"author"`
	Time   time.Time    `json:"time"`
}

func shownVersion(v doc.Version) apiVersion {
	return apiVersion{v.Rev, v.Name, v.Author, moment(v.Time)}
}

func (a *api) versions(c *call) (*reply, error) {
	all, err := a.history.Versions(c.Context(), c.name)
	if err != nil {
		return nil, err
	}
	out := struct {
		Document string       `json:"document"`
		Versions []apiVersion `json:"versions"`
	}{c.name, make([]apiVersion, len(all))}
	for i, v := range all {
		out.Versions[i] = shownVersion(v)
	}
	return &reply{value: out}, nil
}

// optionalRevision is a revision in a body. Negative ones are nobody's business but this server's.
func optionalRevision(rev *doc.Revision, absent doc.Revision) (doc.Revision, error) {
	switch {
	case rev == nil:
		return absent, nil
	case *rev < 0 || *rev > ot.MaxInt:
		return 0, fmt.Errorf("%w: rev=%d; it is a number from 0 to 2^53-1", errRequest, *rev)
	}
	return *rev, nil
}

func (a *api) nameVersion(c *call) (*reply, error) {
	var q struct {
		Rev    *doc.Revision `json:"rev"`
		Name   string        `json:"name"`
		Author string        `json:"author"`
	}
	if err := c.read(&q); err != nil {
		return nil, err
	}
	rev, err := optionalRevision(q.Rev, -1)
	if err != nil {
		return nil, err
	}
	v, err := a.history.NameVersion(c.Context(), c.name, rev, q.Name, q.Author)
	if err != nil {
		return nil, err
	}
	at := "/api/docs/" + url.PathEscape(c.name) + "/versions/" + strconv.FormatInt(int64(v.Rev), 10)
	return &reply{status: http.StatusCreated, value: shownVersion(v), location: at}, nil
}

func (a *api) deleteVersion(c *call) (*reply, error) {
	rev, err := parseRevision("rev", c.PathValue("rev"))
	if err == nil {
		err = a.history.DeleteVersion(c.Context(), c.name, rev)
	}
	if err != nil {
		return nil, err
	}
	return &reply{status: http.StatusNoContent}, nil
}

func (a *api) restore(c *call) (*reply, error) {
	var q struct {
		Rev    *doc.Revision `json:"rev"`
		Author string        `json:"author"`
	}
	if err := c.read(&q); err != nil {
		return nil, err
	}
	if q.Rev == nil {
		return nil, fmt.Errorf("%w: rev is missing: the revision to restore", errRequest)
	}
	rev, err := optionalRevision(q.Rev, 0)
	if err != nil {
		return nil, err
	}
	now, err := a.history.Restore(c.Context(), c.name, rev, q.Author)
	if err != nil {
		return nil, err
	}
	return &reply{value: struct {
		Document string       `json:"document"`
		Restored doc.Revision `json:"restored"`
		Revision doc.Revision `json:"revision"`
	}{c.name, rev, now}}, nil
}

// moment is a time as stored, in milliseconds since 1970 UTC.
func moment(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
