// Package wal is a write-ahead log.
package wal
