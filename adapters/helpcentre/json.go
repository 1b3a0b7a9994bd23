package helpcentre

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// An id is a number of a help centre's, kept as text: JSON numbers of other
// languages end at 2^53, and some APIs write them as text anyway. Empty: none.
type id string

// idDigits is how many an id has at most: those of a 64-bit number.
const idDigits = 20

var errID = errors.New("an id is not a number")

// UnmarshalJSON takes a whole number, one in quotes, or null.
func (i *id) UnmarshalJSON(data []byte) error {
	text := string(data)
	if text == "null" {
		*i = ""
		return nil
	}
	if len(text) >= 2 && text[0] == '"' && text[len(text)-1] == '"' {
		text = text[1 : len(text)-1]
	}
	if text == "" || len(text) > idDigits {
		return errID
	}
	for _, digit := range text {
		if digit < '0' || digit > '9' {
			return errID
		}
	}
	*i = id(text)
	return nil
}

// A unix is a time in seconds since 1970, or none.
type unix struct{ time.Time }

// lastUnix is the end of the year 9999: later times cannot be written as a date.
const lastUnix = 253402300799

// UnmarshalJSON takes a whole number, or null.
func (u *unix) UnmarshalJSON(data []byte) error {
	var seconds *int64
	if err := json.Unmarshal(data, &seconds); err != nil {
		return errors.New("a time is not in seconds since 1970")
	}
	u.Time = time.Time{}
	if seconds == nil || *seconds == 0 {
		return nil
	}
	if *seconds < 0 || *seconds > lastUnix {
		return errors.New("a time is not in seconds since 1970")
	}
	u.Time = time.Unix(*seconds, 0).UTC()
	return nil
}

// readJSON reads one JSON value. What it says of a broken one quotes nothing of it:
// it is a stranger's.
func readJSON(data []byte, into any) error {
	err := json.Unmarshal(data, into)
	var syntax *json.SyntaxError
	var mismatch *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &syntax) && syntax.Offset >= int64(len(data)):
		return errors.New("the JSON ends too early")
	case errors.As(err, &syntax):
		return fmt.Errorf("it is not JSON at byte %d", syntax.Offset)
	case errors.As(err, &mismatch):
		return fmt.Errorf("%q is of another type than documented", mismatch.Field)
	}
	return err
}
