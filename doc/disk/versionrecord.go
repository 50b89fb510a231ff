package disk

import (
	"encoding/binary"
	"fmt"

	"tandem/doc"
)

// maxVersionName is the longest name of a version, in bytes.
const maxVersionName = 1024

// versionRecord is a named version.
type versionRecord struct {
	doc.Version
	content uint64 // number of the content that is kept beside history, 0 where there is none
}

func (v *versionRecord) encode(key []byte) []byte {
	b := append(make([]byte, 0, 24+len(v.Name)+len(v.Author)+sealSize), form)
	b = binary.BigEndian.AppendUint64(b, uint64(v.Time))
	b = binary.BigEndian.AppendUint64(b, v.content)
	b = binary.BigEndian.AppendUint16(b, uint16(len(v.Name)))
	b = append(b, v.Name...)
	b = append(append(b, byte(len(v.Author))), v.Author...)
	return seal(versionsBucket, key, b)
}

func decodeVersion(key, value []byte) (*versionRecord, error) {
	_, rev, err := splitNumberKey(key)
	if err != nil {
		return nil, err
	}
	r, err := unseal(versionsBucket, key, value)
	if err != nil {
		return nil, err
	}
	v := &versionRecord{}
	v.Rev = doc.Revision(rev)
	v.Time = int64(r.uint64())
	v.content = r.uint64()
	v.Name = string(r.take(int(r.uint16())))
	v.Author = string(r.take(int(r.uint8())))
	if err := r.end(); err != nil {
		return nil, err
	}
	return v, v.check()
}

// check refuses what cannot be kept.
func (v *versionRecord) check() error {
	switch {
	case v.Rev < 0:
		return fmt.Errorf("a version of revision %d", v.Rev)
	case len(v.Name) > maxVersionName:
		return fmt.Errorf("a version's name has %d bytes, at most %d are allowed", len(v.Name), maxVersionName)
	case len(v.Author) > doc.MaxAuthor:
		return fmt.Errorf("a version's author has %d bytes, at most %d are allowed", len(v.Author), doc.MaxAuthor)
	}
	return nil
}
