package vlog

import (
	"fmt"
	"io"
	"os"
)

// OpenFile makes path the log file: lines are appended to it. An older log
// file is closed; on error it stays.
func (l *Log) OpenFile(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o660)
	if err != nil {
		return fmt.Errorf("open log file: %w", err)
	}
	l.mu.Lock()
	old := l.close
	l.out[file], l.close, l.path = f, f, path
	l.mu.Unlock()
	l.Module("vlog").Info("opened log file " + path)
	return closeFile(old)
}

// Reopen opens the log file anew under its name, after it was rotated away.
func (l *Log) Reopen() error {
	l.mu.Lock()
	path := l.path
	l.mu.Unlock()
	if path == "" {
		return fmt.Errorf("Logging to file not configured") // the words of Open vSwitch
	}
	return l.OpenFile(path)
}

// CloseFile stops logging to the file until Reopen.
func (l *Log) CloseFile() error {
	l.mu.Lock()
	old := l.close
	l.out[file], l.close = nil, nil
	l.mu.Unlock()
	return closeFile(old)
}

func closeFile(f io.Closer) error {
	if f == nil {
		return nil
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("close log file: %w", err)
	}
	return nil
}
