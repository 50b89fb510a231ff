package doc

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"tandem/ot"
)

// MaxVersionName is the longest name of a version, in bytes of UTF-8.
const MaxVersionName = 128

// MaxVersions is how many named versions a document has at most: where the floor passes them, each is kept whole.
const MaxVersions = 1000

// Versions are a document's named versions, by revision.
func (h *History) Versions(ctx context.Context, name string) ([]Version, error) {
	info, err := h.info(ctx, name)
	if err != nil {
		return nil, err
	}
	return h.archive.Versions(ctx, info.Place.ID)
}

// NameVersion gives a revision a name; a version that is there is renamed. It is ErrVersion where that cannot be a name, or
// where there are MaxVersions.
func (h *History) NameVersion(ctx context.Context, name string, rev Revision, label, by string) (Version, error) {
	if err := checkVersionName(label); err != nil {
		return Version{}, err
	}
	info, done, err := h.begin(ctx, name)
	if err != nil {
		return Version{}, err
	}
	defer done()
	if rev, err = info.revision(rev); err != nil {
		return Version{}, err
	}
	if err := h.roomForVersion(ctx, info, rev); err != nil {
		return Version{}, err
	}
	var content *ot.Text
	if rev < info.Floor {
		if content, err = h.kept(ctx, info, rev, labelled); err != nil {
			return Version{}, err
		}
	}
	v := Version{Rev: rev, Name: label, Author: author(by), Time: time.Now().UnixMilli()}
	return v, h.archive.SaveVersion(ctx, info.Place.ID, v, content)
}

func (h *History) roomForVersion(ctx context.Context, info *Info, rev Revision) error {
	there, err := h.archive.Versions(ctx, info.Place.ID)
	if err != nil || len(there) < MaxVersions || slices.ContainsFunc(there, func(v Version) bool { return v.Rev == rev }) {
		return err
	}
	return fmt.Errorf("%w: %q has %d versions, at most %d are allowed", ErrVersion, info.Name, len(there), MaxVersions)
}

// DeleteVersion forgets the version at a revision; ErrNoVersion where there is none.
func (h *History) DeleteVersion(ctx context.Context, name string, rev Revision) error {
	info, done, err := h.begin(ctx, name)
	if err != nil {
		return err
	}
	defer done()
	err = h.archive.DeleteVersion(ctx, info.Place.ID, rev)
	if errors.Is(err, ErrNotFound) { // the document is there
		return fmt.Errorf("%w at revision %d of %q", ErrNoVersion, rev, name)
	}
	return err
}

// begin is change, with what is known of the document then.
func (h *History) begin(ctx context.Context, name string) (info *Info, done func(), err error) {
	if done, err = h.change(ctx, name); err != nil {
		return nil, nil, err
	}
	if info, err = h.info(ctx, name); err != nil {
		done()
		return nil, nil, err
	}
	return info, done, nil
}

func checkVersionName(name string) error {
	switch {
	case strings.TrimSpace(name) == "":
		return fmt.Errorf("%w: it is empty", ErrVersion)
	case len(name) > MaxVersionName:
		return fmt.Errorf("%w: it has %d bytes, at most %d are allowed", ErrVersion, len(name), MaxVersionName)
	case !utf8.ValidString(name):
		return fmt.Errorf("%w: it is not UTF-8", ErrVersion)
	case strings.IndexFunc(name, unicode.IsControl) >= 0:
		return fmt.Errorf("%w: it has a control character", ErrVersion)
	}
	return nil
}

// keepVersions has the content of versions below a floor that is to come kept beside history.
func (h *History) keepVersions(ctx context.Context, info *Info, floor Revision) error {
	versions, err := h.archive.Versions(ctx, info.Place.ID)
	if err != nil {
		return fmt.Errorf("versions of %q: %w", info.Name, err)
	}
	for _, v := range versions {
		if v.Rev < info.Floor || v.Rev >= floor {
			continue
		}
		text, err := h.text(ctx, info, v.Rev, labelled)
		if err != nil {
			return err
		}
		err = h.archive.SaveVersion(ctx, info.Place.ID, v, text.Snapshot())
		if err != nil && !errors.Is(err, ErrNotFound) {
			return fmt.Errorf("keep the version at revision %d of %q: %w", v.Rev, info.Name, err)
		}
	}
	return nil
}
