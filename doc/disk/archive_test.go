package disk

import (
	"testing"

	"tandem/doc/doctest"
)

func TestArchiveConformance(t *testing.T) {
	doctest.RunArchive(t, func(t *testing.T) doctest.Rig { return rig(t, Config{}) })
}
