// Gen writes the recorded session of our own: go run ./trace/gen FILE. The file is compressed where its name ends in .gz.
package main

import (
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"strings"

	"tandem/trace"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: go run ./trace/gen FILE")
		os.Exit(2)
	}
	if err := write(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func write(path string) error {
	session, err := trace.MorningNotes()
	if err != nil {
		return err
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	var out io.WriteCloser = file
	if strings.HasSuffix(path, ".gz") {
		// No name and no time in it: the same session gives the same file.
		if out, err = gzip.NewWriterLevel(file, gzip.BestCompression); err != nil {
			return err
		}
	}
	if err := session.Write(out); err != nil {
		return err
	}
	return out.Close()
}
