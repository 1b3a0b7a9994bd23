package desk

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// An AuditLine is a deed as it is stored: a number, one more than that of the
// line before it, and the deed, in one JSON object. What is stored is what is
// sealed, byte for byte.
type AuditLine struct {
	N    int64
	Text string // {"n":12,"at":…}
	Seal Seal   // empty: not sealed yet
}

// Deed is what a line says.
func (l AuditLine) Deed() (Deed, error) {
	var d struct {
		N int64 `json:"n"`
		Deed
	}
	if err := json.Unmarshal([]byte(l.Text), &d); err != nil {
		return Deed{}, fmt.Errorf("line %d of the audit cannot be read: %w", l.N, err)
	}
	if d.N != l.N {
		return Deed{}, fmt.Errorf("line %d of the audit says that it is line %d", l.N, d.N)
	}
	return d.Deed, nil
}

// A Seal is the hash of a line and of all lines before it: sha256- and 64
// digits, or, with a key, hmac-, 8 digits that name the key, and 64 digits.
type Seal string

var sealed = regexp.MustCompile(`^(?:sha256|hmac-[0-9a-f]{8})-[0-9a-f]{64}$`)

// key names the key that a seal was made with; empty if with none.
func (s Seal) key() string {
	if rest, ok := strings.CutPrefix(string(s), "hmac-"); ok {
		name, _, _ := strings.Cut(rest, "-")
		return name
	}
	return ""
}

// A Link is a place in the chain: the number of a line, and its seal. The zero
// one is where the chain begins.
type Link struct {
	N    int64
	Seal Seal
}

// Key names the key that it was sealed with; empty if with none.
func (l Link) Key() string { return l.Seal.key() }

// String is 12:sha256-…
func (l Link) String() string { return strconv.FormatInt(l.N, 10) + ":" + string(l.Seal) }

// ParseLink reads what [Link.String] writes.
func ParseLink(s string) (Link, error) {
	number, seal, _ := strings.Cut(s, ":")
	n, err := strconv.ParseInt(number, 10, 64)
	l := Link{n, Seal(seal)}
	zero := l == Link{}
	if err != nil || l.String() != s || !zero && (n < 1 || !sealed.MatchString(seal)) {
		return Link{}, fmt.Errorf("%q is no place in the audit; it looks like 12:sha256-… or 12:hmac-…, as the log and signpost audit verify write it", s)
	}
	return l, nil
}

// A Chain says what of the audit is stored: the lines after First, up to Last,
// are sealed. What is older was dropped, and Waiting more are not sealed yet.
type Chain struct {
	First, Last Link
	Waiting     int
}

// minSealKey is how many bytes a key has at least: as many as the hash.
const minSealKey = sha256.Size

// A SealKey makes seals that nobody can make who has not got it. The zero one
// makes seals that anyone can.
type SealKey struct {
	name   string
	secret []byte
}

// NewSealKey makes a key of a secret, at least 32 bytes.
func NewSealKey(secret []byte) (SealKey, error) {
	if len(secret) < minSealKey {
		return SealKey{}, fmt.Errorf("the key has %d bytes and needs at least %d; head -c 32 /dev/urandom | base64 makes one", len(secret), minSealKey)
	}
	name := sha256.Sum256(append([]byte("signpost audit key\n"), secret...))
	return SealKey{hex.EncodeToString(name[:4]), slices.Clone(secret)}, nil
}

// Name is the key's, as it stands in seals; empty for no key.
func (k SealKey) Name() string { return k.name }

// Seal is that of a line behind another one.
func (k SealKey) Seal(before Seal, line string) Seal {
	var h hash.Hash
	kind := "sha256-"
	if k.name == "" {
		h = sha256.New()
	} else {
		h, kind = hmac.New(sha256.New, k.secret), "hmac-"+k.name+"-"
	}
	fmt.Fprintf(h, "%s\n%s\n", before, line)
	return Seal(kind + hex.EncodeToString(h.Sum(nil)))
}

// Extend seals lines behind a place in the chain, in their order.
func (k SealKey) Extend(last Link, lines []AuditLine) []AuditLine {
	lines = slices.Clone(lines)
	for i := range lines {
		lines[i].Seal = k.Seal(last.Seal, lines[i].Text)
		last = Link{lines[i].N, lines[i].Seal}
	}
	return lines
}

// Why a chain does not hold.
var (
	ErrBroken = errors.New("the audit was changed")
	// ErrUnchecked: it cannot be told.
	ErrUnchecked = errors.New("the audit cannot be checked")
)

// A Verifier checks a chain line by line.
type Verifier struct {
	keys  map[string]SealKey
	heads []Link // that must be in it
	last  Link
	// Loose lets numbers be missing, as when a part of the audit was exported.
	Loose bool

	// Lines is how many were checked, and Keyed how many of them were sealed with a
	// key. Skipped counts missing numbers, if it is Loose.
	Lines, Keyed, Skipped int64
}

// NewVerifier begins behind a place in the chain. The heads are places that were
// noted elsewhere, and must be found again.
func NewVerifier(first Link, keys []SealKey, heads ...Link) *Verifier {
	v := &Verifier{keys: map[string]SealKey{}, last: first, heads: slices.Clone(heads)}
	for _, k := range keys {
		v.keys[k.name] = k
	}
	v.keys[""] = SealKey{}
	v.meet(first)
	return v
}

// Last is where v stands.
func (v *Verifier) Last() Link { return v.last }

// meet strikes a head off that was found.
func (v *Verifier) meet(l Link) {
	v.heads = slices.DeleteFunc(v.heads, func(head Link) bool { return head == l })
}

// Line checks the next line, with the seal of the one before it. It returns
// [ErrBroken] or [ErrUnchecked], with what is wrong.
func (v *Verifier) Line(l AuditLine, before Seal) error {
	next := v.last.N + 1
	switch {
	case v.Loose && v.Lines == 0 && v.last == Link{}, v.Loose && l.N > next:
		if v.Lines > 0 {
			v.Skipped += l.N - next
		}
	case l.N > next && l.N == next+1:
		return fmt.Errorf("%w: line %d is missing", ErrBroken, next)
	case l.N > next:
		return fmt.Errorf("%w: lines %d to %d are missing", ErrBroken, next, l.N-1)
	case l.N < next:
		return fmt.Errorf("%w: line %d stands behind line %d", ErrBroken, l.N, v.last.N)
	case before != v.last.Seal:
		return fmt.Errorf("%w: line %d does not follow line %d as it is here; one of the two was put in or changed", ErrBroken, l.N, v.last.N)
	}
	if _, err := l.Deed(); err != nil {
		return fmt.Errorf("%w: %w", ErrBroken, err)
	}
	if !sealed.MatchString(string(l.Seal)) {
		return fmt.Errorf("%w: line %d has no seal", ErrBroken, l.N)
	}
	name := l.Seal.key()
	key, ok := v.keys[name]
	switch {
	case name == "" && v.Keyed > 0:
		return fmt.Errorf("%w: line %d is sealed without the key, and lines before it are sealed with it", ErrBroken, l.N)
	case !ok:
		return fmt.Errorf("%w: line %d is sealed with the key %s; name its file with --key", ErrUnchecked, l.N, name)
	case key.Seal(before, l.Text) != l.Seal:
		return fmt.Errorf("%w: line %d, or one before it, was changed: its seal does not fit", ErrBroken, l.N)
	}
	if name != "" {
		v.Keyed++
	}
	v.Lines++
	v.last = Link{l.N, l.Seal}
	v.meet(v.last)
	return nil
}

// End checks that every head was found. One from before the first line that is
// kept cannot be.
func (v *Verifier) End(first Link) error {
	for _, head := range v.heads {
		switch {
		case head.N < first.N:
			return fmt.Errorf("%w against line %d: it was dropped by retention, and the audit begins behind line %d now", ErrUnchecked, head.N, first.N)
		case head.N > v.last.N:
			return fmt.Errorf("%w: it ends with line %d, and once had line %d: its end was cut off", ErrBroken, v.last.N, head.N)
		default:
			return fmt.Errorf("%w: line %d once had another seal", ErrBroken, head.N)
		}
	}
	return nil
}

// Export is a sealed line with the seal of the line before it: one JSON object,
// which verifies with nothing else at hand.
func (l AuditLine) Export(before Seal) string {
	return strings.TrimSuffix(l.Text, "}") + fmt.Sprintf(`,"prev":"%s","hash":"%s"}`, before, l.Seal)
}

var exported = regexp.MustCompile(`^(\{"n":([1-9][0-9]{0,17}),.*),"prev":"([a-z0-9-]*)","hash":"([a-z0-9-]+)"\}$`)

// ParseExport reads what [AuditLine.Export] writes.
func ParseExport(s string) (l AuditLine, before Seal, err error) {
	parts := exported.FindStringSubmatch(s)
	if parts == nil {
		return l, "", errors.New("this is no line of an exported audit")
	}
	n, err := strconv.ParseInt(parts[2], 10, 64)
	if err != nil {
		return l, "", err
	}
	l, before = AuditLine{N: n, Text: parts[1] + "}", Seal: Seal(parts[4])}, Seal(parts[3])
	if before != "" && !sealed.MatchString(string(before)) || !sealed.MatchString(string(l.Seal)) {
		return AuditLine{}, "", fmt.Errorf("line %d has no seal", n)
	}
	_, err = l.Deed()
	return l, before, err
}
