package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"tandem/cmd/tandem/bench/load"
)

const (
	// fsyncsPerRound is how often the disk is asked beside each round.
	fsyncsPerRound = 100
	// fsyncGap is between two of them: about what is between two edits of many people.
	fsyncGap = 2 * time.Millisecond
)

// fsyncs adds how long it takes to write 100 bytes over bytes that are there, and to have them on disk.
func fsyncs(dir string, took *load.Durations) error {
	path := filepath.Join(dir, "fsync")
	file, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("measure the disk: %w", err)
	}
	defer os.Remove(path)
	defer file.Close()
	if _, err := file.Write(make([]byte, 1<<20)); err != nil {
		return fmt.Errorf("measure the disk: %w", err)
	}
	if err := file.Sync(); err != nil {
		return fmt.Errorf("measure the disk: %w", err)
	}
	record := make([]byte, 100)
	for i := range fsyncsPerRound {
		began := time.Now()
		if _, err := file.WriteAt(record, int64(i*len(record))); err != nil {
			return fmt.Errorf("measure the disk: %w", err)
		}
		if err := syncData(file); err != nil {
			return fmt.Errorf("measure the disk: %w", err)
		}
		took.Add(int64(time.Since(began)))
		time.Sleep(fsyncGap)
	}
	return nil
}
