//go:build unix

package helpcentre

import (
	"errors"
	"os"
	"syscall"
)

// lock keeps a folder to this process until the returned file is closed, or the
// process ends however it may.
func lock(dir string) (*os.File, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, ErrLocked
		}
		return nil, nil // file systems without locks: the operator sees to it
	}
	return f, nil
}
