package server

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"tandem/doc"
)

// What can be wrong with a request of the API, before a document is asked.
var (
	errNoResource  = errors.New("nothing is here")
	errMethod      = errors.New("method not allowed")
	errContentType = errors.New("unexpected content type")
	errRequest     = errors.New("bad request")
	errLarge       = errors.New("request too large")
)

// problem is an answer that is not good.
type problem struct {
	Error  string `json:"error"`
	Code   string `json:"code"`
	Status int    `json:"status"`
}

// problems are what errors become: the first that fits. Which of them may be tried again is said by Retry-After.
var problems = []struct {
	err    error
	code   string
	status int
	retry  bool
}{
	{errNoResource, "no-resource", http.StatusNotFound, false},
	{errMethod, "method", http.StatusMethodNotAllowed, false},
	{errHost, "host", http.StatusMisdirectedRequest, false},
	{errOrigin, "origin", http.StatusForbidden, false},
	{errContentType, "content-type", http.StatusUnsupportedMediaType, false},
	{errRequest, "request", http.StatusBadRequest, false},
	{errLarge, "too-large", http.StatusRequestEntityTooLarge, false},
	{errBusy, "busy", http.StatusServiceUnavailable, true},
	{context.DeadlineExceeded, "busy", http.StatusServiceUnavailable, true}, // a document, or the store, did not answer in time
	{doc.ErrName, "name", http.StatusBadRequest, false},
	{doc.ErrVersion, "version", http.StatusBadRequest, false},
	{doc.ErrTrimmed, "trimmed", http.StatusGone, false},
	{doc.ErrRevision, "no-revision", http.StatusNotFound, false},
	{doc.ErrNoVersion, "no-version", http.StatusNotFound, false},
	{doc.ErrNotFound, "not-found", http.StatusNotFound, false},
	{doc.ErrConflict, "conflict", http.StatusConflict, true},
	{doc.ErrOpenAgain, "conflict", http.StatusConflict, true},
	{doc.ErrTooLarge, "document-too-large", http.StatusConflict, false},
	{doc.ErrNoSpace, "no-space", http.StatusServiceUnavailable, true},
	{doc.ErrBusy, "busy", http.StatusServiceUnavailable, true},
	{doc.ErrUnavailable, "unavailable", http.StatusServiceUnavailable, true},
	{doc.ErrClosed, "stopping", http.StatusServiceUnavailable, true},
	{doc.ErrDamaged, "damaged", http.StatusInternalServerError, false},
	{doc.ErrNoArchive, "no-past", http.StatusNotImplemented, false},
}

// refuse answers with a problem.
func (a *api) refuse(w http.ResponseWriter, r *http.Request, err error) {
	p, retry := problem{Error: err.Error(), Code: "internal", Status: http.StatusInternalServerError}, false
	known := false
	for _, row := range problems {
		if known = errors.Is(err, row.err); known {
			p.Code, p.Status, retry = row.code, row.status, row.retry
			break
		}
	}
	switch {
	case r.Context().Err() != nil || errors.Is(err, context.Canceled):
		return // nobody reads it
	case !known:
		a.server.log.Error("request of the API failed", "doc", r.PathValue("name"), "err", err)
		p.Error = "internal error: the server's log says more"
	case p.Status == http.StatusInternalServerError:
		a.server.log.Error("request of the API failed", "doc", r.PathValue("name"), "err", err)
	}
	if errors.Is(err, doc.ErrBusy) {
		a.server.documentsFull.ring(a.server.log, err)
	}
	h := w.Header()
	if retry {
		h.Set("Retry-After", strconv.Itoa(apiRetry))
	}
	body := encode(p)
	h.Set("Content-Type", "application/problem+json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(p.Status)
	_, _ = w.Write(body)
}
