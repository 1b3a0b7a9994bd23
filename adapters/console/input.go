package console

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"time"

	"golang.org/x/term"
)

// maxLine is how long a line may be, in bytes: more than anyone types, and
// little enough to hold.
const maxLine = 64 << 10

var errTooLong = errors.New("line is too long")

// next reads a line, or ends with ctx.
func (c *Console) next(ctx context.Context) (string, error) {
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	prompt := c.prompt()
	type result struct {
		line string
		err  error
	}
	done := make(chan result, 1)
	go func() {
		var r result
		if c.editor != nil {
			r.line, r.err = c.edit(prompt)
		} else {
			if c.screen != nil {
				c.write(prompt)
			}
			r.line, r.err = c.readLine()
		}
		done <- r
	}()
	select {
	case r := <-done:
		return r.line, r.err
	case <-ctx.Done():
		if c.interrupt() {
			<-done
		}
		return "", ctx.Err()
	}
}

// interrupt cuts the read in progress short and reports whether it could.
func (c *Console) interrupt() bool {
	switch in := c.o.In.(type) {
	case *os.File:
		return in.SetReadDeadline(time.Unix(1, 0)) == nil
	case io.Closer:
		// Whatever closing says, nothing more is read.
		_ = in.Close()
		return true
	}
	return false
}

// edits says whether the editor draws the screen.
func (c *Console) edits(yes bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.editing = yes
}

// edit reads a line at a terminal. The editor itself holds lines to 4096
// characters.
func (c *Console) edit(prompt string) (string, error) {
	// What cannot be drawn at this size now is drawn with the prompt.
	_ = c.editor.SetSize(c.size())
	c.editor.SetPrompt(prompt)
	line, err := c.editor.ReadLine()
	if errors.Is(err, term.ErrPasteIndicator) {
		err = nil
	}
	return line, err
}

// readLine reads a line of at most maxLine bytes. A longer one is read over,
// and is errTooLong. A last line need not be ended.
func (c *Console) readLine() (string, error) {
	var line []byte
	tooLong := false
	for {
		piece, err := c.in.ReadSlice('\n')
		if tooLong = tooLong || len(line)+len(piece) > maxLine; !tooLong {
			line = append(line, piece...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil && (!errors.Is(err, io.EOF) || len(line) == 0 && !tooLong):
			return "", err
		case tooLong:
			return "", errTooLong
		}
		return string(line), nil
	}
}

// onDescriptor runs f on the file's descriptor, and unlike [os.File.Fd] leaves
// its mode alone, so that deadlines go on working.
func onDescriptor(file *os.File, f func(fd int)) error {
	conn, err := file.SyscallConn()
	if err != nil {
		return err
	}
	return conn.Control(func(fd uintptr) { f(int(fd)) })
}

func isTerminal(file *os.File) (yes bool) {
	err := onDescriptor(file, func(fd int) { yes = term.IsTerminal(fd) })
	return yes && err == nil
}

// size is that of the screen, or a common one if it does not tell.
func (c *Console) size() (width, height int) {
	err := onDescriptor(c.screen, func(fd int) {
		if w, h, err := term.GetSize(fd); err == nil {
			width, height = w, h
		}
	})
	if err != nil || width <= 0 || height <= 0 {
		return 80, 24
	}
	return width, height
}

// makeRaw hands every key to the editor until restore is called.
func makeRaw(file *os.File) (restore func(), err error) {
	var before *term.State
	if outer := onDescriptor(file, func(fd int) { before, err = term.MakeRaw(fd) }); outer != nil {
		return nil, outer
	}
	if err != nil {
		return nil, err
	}
	return func() {
		// A terminal that is gone needs no restoring.
		_ = onDescriptor(file, func(fd int) { _ = term.Restore(fd, before) })
	}, nil
}
