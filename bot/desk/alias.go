package desk

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/signpost-bot/signpost/bot/chat"
)

const (
	// MaxAliases is how many aliases an installation keeps. Each replica reads
	// them all when one changes: 10,000 are a few megabytes.
	MaxAliases = 10_000
	// MaxPhrasing is how many characters the phrasing of an alias has at most.
	// What is longer tells a story, and its words find anything.
	MaxPhrasing = 200
	// maxAliasName is how many bytes the names in an alias have at most: of its
	// article, its language, its ticket and who taught it.
	maxAliasName = 200
)

// Why a phrasing is not learned.
var (
	ErrNoWords = errors.New("phrasing has no words")
	ErrTooLong = fmt.Errorf("phrasing is longer than %d characters", MaxPhrasing)
)

// An AliasID names an alias: 16 letters and digits. Phrasings of an article in
// a language that differ only in case, accents, punctuation and space have the
// same one.
type AliasID string

// An Alias is a phrasing that was learned for an article. [NewAlias] makes one.
type Alias struct {
	ID      AliasID       `json:"id"`
	Article string        `json:"article"` // an article id
	Lang    string        `json:"lang"`    // of the phrasing: a BCP 47 tag, as articles write it
	Text    string        `json:"text"`    // the phrasing, on one line
	By      chat.PersonID `json:"by,omitempty"`
	At      time.Time     `json:"at"` // UTC
	// Ticket is where the phrasing was asked, and From the account of the agent who
	// taught it there; empty: it was taught by itself.
	Ticket chat.TicketID  `json:"ticket,omitempty"`
	From   chat.AccountID `json:"from,omitempty"`
}

// NewAlias makes an alias of what someone typed, masked, on one line and without
// control characters. It returns [ErrNoWords] or [ErrTooLong] if the phrasing
// does not do, and another error for a name that is empty, too long or not
// plain.
func NewAlias(article, lang, phrasing string, by chat.PersonID, at time.Time) (Alias, error) {
	a := Alias{Article: article, Lang: lang, Text: tidy(chat.Mask(phrasing)), By: by, At: at.UTC()}
	// 80 bits of a hash.
	sum := sha256.Sum256([]byte(article + "\n" + lang + "\n" + alike(a.Text)))
	a.ID = AliasID(strings.ToLower(base32.StdEncoding.EncodeToString(sum[:10])))
	return a, a.check()
}

// UnmarshalJSON refuses what NewAlias would. The ID stays as it was stored, for
// that is what the alias is removed by.
func (a *Alias) UnmarshalJSON(data []byte) error {
	type plain Alias
	if err := json.Unmarshal(data, (*plain)(a)); err != nil {
		return err
	}
	return a.check()
}

func (a *Alias) check() error {
	for _, name := range []struct{ what, value string }{
		{"id", string(a.ID)}, {"article", a.Article}, {"language", a.Lang}, {"person", string(a.By)},
		{"ticket", string(a.Ticket)}, {"account", string(a.From)},
	} {
		switch {
		case name.value == "" && slices.Contains([]string{"id", "article", "language"}, name.what):
			return fmt.Errorf("alias has no %s", name.what)
		case len(name.value) > maxAliasName:
			return fmt.Errorf("%s of the alias is longer than %d bytes", name.what, maxAliasName)
		case tidy(name.value) != name.value:
			return fmt.Errorf("%s %q of the alias is not plain text", name.what, name.value)
		}
	}
	switch {
	case utf8.RuneCountInString(a.Text) > MaxPhrasing:
		return ErrTooLong
	case tidy(a.Text) != a.Text:
		return fmt.Errorf("phrasing %q is not plain text", a.Text)
	case alike(a.Text) == "":
		return ErrNoWords
	}
	return nil
}

// tidy puts a text on one line, its words one space apart. Control characters
// become spaces, and what is no UTF-8 goes.
func tidy(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	return strings.Join(strings.Fields(s), " ")
}

// alike is what phrasings have in common that ask the same way: their words,
// without case, accents and punctuation. It is empty if there are none.
func alike(s string) string {
	s = cases.Fold().String(norm.NFKD.String(apostrophes.Replace(s)))
	s = strings.Map(func(r rune) rune {
		if '\u0300' <= r && r <= '\u036F' { // combining diacritical marks
			return -1
		}
		return r
	}, norm.NFKD.String(s))
	if !strings.ContainsFunc(s, letterOrDigit) {
		return ""
	}
	// Other marks are vowels, in many scripts.
	apart := func(r rune) bool { return !letterOrDigit(r) && !unicode.IsMark(r) }
	return strings.Join(strings.FieldsFunc(s, apart), " ")
}

// apostrophes are left out as often as not: "can't" is "cant".
var apostrophes = strings.NewReplacer("'", "", "’", "", "‘", "", "´", "")

func letterOrDigit(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
