package chat

import (
	"bytes"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Mask replaces what names or opens something of a person's by a word that says
// what stood there: [e-mail], [phone], [card], [iban], [ip] and [token]. All
// else stays as it is, to the byte.
//
// It reads as a person does: full-width digits, other scripts' digits, look-alike
// dots and dashes, and whatever is invisible between the characters hide nothing.
// Masking again changes nothing, and the time it takes grows with len(s).
//
// Where a number could be many things, its surroundings decide: after "order"
// or "#", or beside a currency, it is no phone number.
func Mask(s string) string {
	f := fold(s)
	if !slices.ContainsFunc(f.text, worthMasking) {
		return s
	}
	found := f.masks()
	if len(found) == 0 {
		return s
	}
	var b strings.Builder
	end := 0
	for _, m := range found {
		b.WriteString(s[end:f.from[m.from]])
		b.WriteString(m.word)
		end = f.to[m.to-1]
	}
	b.WriteString(s[end:])
	return b.String()
}

// worthMasking says of a byte that without any like it there is nothing to mask.
func worthMasking(c byte) bool {
	return '0' <= c && c <= '9' || c == '@' || c == '=' || c == ':' || c == '_' || c == '-' || c == '('
}

const (
	maskedMail  = "[e-mail]"
	maskedPhone = "[phone]"
	maskedCard  = "[card]"
	maskedIBAN  = "[iban]"
	maskedIP    = "[ip]"
	maskedToken = "[token]"
)

var masked = regexp.MustCompile(`\[(?:e-mail|phone|card|iban|ip|token)\]`)

// maxPasses is how often all rules run over a text: what one has masked may be
// what kept another from seeing its own. Honest text is settled after two; what
// is not after this many was made to that end, and none of it is shown.
const maxPasses = 16

// A span is a part of a folded text; what stands in it gives way to word.
type maskSpan struct {
	from, to int
	word     string
}

// A maskRule finds, in a folded text, what gives way to its word. What is
// covered already reads as NUL there.
type maskRule struct {
	word string
	find func(text []byte) [][2]int
}

// maskRules run in this order: what has marks of its own comes first, and what
// is only a number last.
var maskRules = []maskRule{
	{maskedToken, findSecrets},
	{maskedMail, findMails},
	{maskedIBAN, findIBANs},
	{maskedIP, findIPs},
	{maskedPhone, findAbroad},
	{maskedCard, findCards},
	{maskedPhone, findPhones},
	{maskedToken, findRandom},
}

// A folded text is one as a reader takes it, and where each byte came from.
type foldedText struct {
	text     []byte
	from, to []int // of the character that a byte is from, in the original
}

func fold(s string) foldedText {
	f := foldedText{make([]byte, 0, len(s)), make([]int, 0, len(s)), make([]int, 0, len(s))}
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		before := len(f.text)
		switch plain, seen := plainRune(r); {
		case r == utf8.RuneError && size == 1:
			f.text = append(f.text, s[i])
		case seen:
			f.text = utf8.AppendRune(f.text, plain)
		}
		for range len(f.text) - before {
			f.from, f.to = append(f.from, i), append(f.to, i+size)
		}
		i += size
	}
	return f
}

// plainRune is what a reader takes r for, and whether they see it as a character
// at all.
func plainRune(r rune) (plain rune, seen bool) {
	switch {
	case r < utf8.RuneSelf:
		return r, true
	case unicode.In(r, unicode.Cf, unicode.Mn, unicode.Me):
		return 0, false
	case '！' <= r && r <= '～':
		return r - '！' + '!', true
	case unicode.Is(unicode.Zs, r):
		return ' ', true
	case unicode.Is(unicode.Pd, r), r == '−':
		return '-', true
	case unicode.Is(unicode.Nd, r):
		return '0' + digitOf(r), true
	}
	switch r {
	case '。', '｡', '․', '·', '‧', '∙':
		return '.', true
	case '⁄', '∕':
		return '/', true
	case '∶', 'ː', '︓':
		return ':', true
	case '﹫':
		return '@', true
	case '﹢':
		return '+', true
	}
	return r, true
}

// digitOf is the value of a decimal digit of any script. Unicode keeps the ten
// of a script together and in order.
// Source: https://www.unicode.org/versions/Unicode16.0.0/core-spec/chapter-4/, 4.6
func digitOf(r rune) rune {
	for _, t := range unicode.Nd.R16 {
		if uint16(r) >= t.Lo && uint16(r) <= t.Hi && r <= 0xffff {
			return (r - rune(t.Lo)) % 10
		}
	}
	for _, t := range unicode.Nd.R32 {
		if uint32(r) >= t.Lo && uint32(r) <= t.Hi {
			return (r - rune(t.Lo)) % 10
		}
	}
	return 0
}

// masks are what gives way, in order.
func (f foldedText) masks() []maskSpan {
	for _, at := range masked.FindAllIndex(f.text, -1) {
		cover(f.text[at[0]:at[1]])
	}
	var found []maskSpan
	for pass := 0; ; pass++ {
		if pass == maxPasses {
			return []maskSpan{{0, len(f.text), maskedToken}}
		}
		before := len(found)
		for _, rule := range maskRules {
			for _, at := range rule.find(f.text) {
				found = append(found, maskSpan{at[0], at[1], rule.word})
				cover(f.text[at[0]:at[1]])
			}
		}
		if len(found) == before {
			break
		}
	}
	slices.SortFunc(found, func(a, b maskSpan) int { return a.from - b.from })
	return found
}

func cover(part []byte) {
	for i := range part {
		part[i] = 0
	}
}

// search finds all that re matches and fits, which may look at what stands
// around and make a match shorter. Where it does not fit, the search goes on one
// byte later: re must match no more than a few dozen bytes.
func search(text []byte, re *regexp.Regexp, fits func(text []byte, from, to int) (int, bool)) [][2]int {
	var found [][2]int
	for start := 0; start < len(text); {
		at := re.FindIndex(text[start:])
		if at == nil {
			break
		}
		from, to := start+at[0], start+at[1]
		if end, ok := fits(text, from, to); ok {
			found = append(found, [2]int{from, end})
			start = end
			continue
		}
		start = from + 1
	}
	return found
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// inWord says that c belongs to a word or a number; bytes of letters beyond
// ASCII do.
func inWord(c byte) bool {
	return isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'z' || c == '_' || c >= utf8.RuneSelf
}

// alone says that no word goes on at either end.
func alone(text []byte, from, to int) bool {
	return (from == 0 || !inWord(text[from-1])) && (to == len(text) || !inWord(text[to]))
}

// apart says that no number goes on at either end: 1.234 ends no number 4.
func apart(text []byte, from, to int) bool {
	joins := func(c byte) bool { return strings.IndexByte(".,-/:", c) >= 0 }
	return alone(text, from, to) &&
		(from < 2 || !joins(text[from-1]) || !isDigit(text[from-2])) &&
		(to+1 >= len(text) || !joins(text[to]) || !isDigit(text[to+1]))
}

func digitsOf(part []byte) []byte {
	var digits []byte
	for _, c := range part {
		if isDigit(c) {
			digits = append(digits, c)
		}
	}
	return digits
}

// E-mail.

// Unicode letters are allowed on both sides of the @, as RFC 6531 allows them.
// A | is none of an address: it parts the two halves of a link in Slack.
var mail = regexp.MustCompile(`(?i)(?:"[^"\x00\n]{1,64}"|[\pL\pN.!#$%&'*+/=?^_{}~` + "`" + `-]+)` +
	`(?:@|[ ]?[(\[{][ ]?(?:at|arroba)[ ]?[)\]}][ ]?)` +
	`[\pL\pN](?:[\pL\pN-]|(?:\.|[ ]?[(\[{][ ]?(?:dot|ponto|punto)[ ]?[)\]}][ ]?)[\pL\pN])*`)

var mailDomain = regexp.MustCompile(`(?i)(?:\.|[)\]}][ ]?)[\pL\pN-]*\pL[\pL\pN-]*$`)

func findMails(text []byte) [][2]int {
	var found [][2]int
	for _, at := range mail.FindAllIndex(text, -1) {
		if mailDomain.Match(text[at[0]:at[1]]) {
			found = append(found, [2]int(at))
		}
	}
	return found
}

// IBAN.

// ibanLengths are the countries' lengths.
// Source: the IBAN registry, https://www.swift.com/standards/data-standards/iban-international-bank-account-number
const ibanLengths = "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 " +
	"EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 " +
	"LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 " +
	"QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30"

var ibanStart = regexp.MustCompile(`(?i)[a-z]{2}[ .-]?\d[ .-]?\d`)

func findIBANs(text []byte) [][2]int {
	return search(text, ibanStart, func(text []byte, from, _ int) (int, bool) {
		if from > 0 && inWord(text[from-1]) {
			return 0, false
		}
		country := strings.ToUpper(string(text[from : from+2]))
		i := strings.Index(ibanLengths, country)
		if i < 0 || i%5 != 0 {
			return 0, false
		}
		length := int(ibanLengths[i+2]-'0')*10 + int(ibanLengths[i+3]-'0')
		var iban []byte
		end := from
		for end < len(text) && len(iban) < length {
			c := text[end]
			switch {
			case c < utf8.RuneSelf && c != '_' && inWord(c):
				iban = append(iban, c)
			case c != ' ' && c != '-' && c != '.' || end > from && !inWord(text[end-1]):
				return 0, false
			}
			end++
		}
		return end, len(iban) == length && alone(text, from, end) && mod97(iban)
	})
}

// mod97 checks an IBAN's two digits.
// Source: ISO 7064, MOD 97-10
func mod97(iban []byte) bool {
	rest := 0
	for _, c := range slices.Concat(iban[4:], iban[:4]) {
		if isDigit(c) {
			rest = (rest*10 + int(c-'0')) % 97
		} else {
			rest = (rest*100 + int(c|0x20-'a') + 10) % 97
		}
	}
	return rest == 1
}

// IP addresses.

var (
	ipv4 = regexp.MustCompile(`\d{1,3}(?:(?:\.|\[\.\]|\(\.\))\d{1,3}){3}`)
	ipv6 = regexp.MustCompile(`[0-9a-fA-F:.]*:[0-9a-fA-F:.]*:[0-9a-fA-F:.]*`)
)

func findIPs(text []byte) [][2]int {
	var found [][2]int
	// A run is looked at whole, so that the search need not go back.
	for _, at := range ipv6.FindAllIndex(text, -1) {
		from, to := at[0], at[1]
		for to > from && text[to-1] == '.' {
			to--
		}
		switch {
		case text[to-1] == ':' && text[to-2] != ':': // a sentence goes on
			to--
		case text[from] == ':' && text[from+1] != ':': // "IP:2001:…"
			from++
		}
		if to-from > len("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255") || !bytes.ContainsFunc(text[from:to], unicode.IsDigit) {
			continue
		}
		if _, err := netip.ParseAddr(string(text[from:to])); err == nil && alone(text, from, to) {
			found = append(found, [2]int{from, to})
		}
	}
	for _, at := range found {
		cover(text[at[0]:at[1]])
	}
	return append(found, search(text, ipv4, func(text []byte, from, to int) (int, bool) {
		for part := range strings.FieldsFuncSeq(string(text[from:to]), func(r rune) bool { return !unicode.IsDigit(r) }) {
			if len(part) == 3 && part > "255" {
				return 0, false
			}
		}
		ends := to+1 >= len(text) || text[to] != '.' || !isDigit(text[to+1])
		begins := from < 2 || text[from-1] != '.' || !isDigit(text[from-2])
		return to, ends && begins && alone(text, from, to)
	})...)
}

// Payment cards.

const (
	minCard = 13 // digits; source: ISO/IEC 7812-1
	maxCard = 19
)

// numbers are digits with at most two marks between any two of them.
var numbers = regexp.MustCompile(`\d(?:[ ./\-]{0,2}\d){12,}`)

func findCards(text []byte) [][2]int {
	var found [][2]int
	for _, at := range numbers.FindAllIndex(text, -1) {
		from := at[0]
		for from < at[1] {
			// A card begins where a group of digits does, and ends where one does.
			if to := cardAt(text[:at[1]], from); to > 0 && alone(text, from, to) && !inPath(text, from) {
				found = append(found, [2]int{from, to})
				from = to
			}
			for from < at[1] && isDigit(text[from]) {
				from++
			}
			for from < at[1] && !isDigit(text[from]) {
				from++
			}
		}
	}
	return found
}

// inPath says that what begins at from is a part of an address's path: pages
// have long numbers.
func inPath(text []byte, from int) bool {
	before := text[max(0, from-maxPath):from]
	before = before[bytes.LastIndexAny(before, " \t\n\"'(<\x00")+1:]
	return bytes.HasSuffix(before, []byte("/")) && bytes.Contains(before, []byte("://"))
}

// maxPath is how far back an address is looked for, in bytes.
const maxPath = 200

// cardAt is where the longest card that begins at from ends, or 0.
func cardAt(text []byte, from int) int {
	if bytes.HasPrefix(text[from:], []byte("00")) {
		return 0 // it is dialled: no issuer has these two
	}
	var digits []byte
	end := 0
	for i := from; i < len(text) && len(digits) < maxCard; i++ {
		if !isDigit(text[i]) {
			continue
		}
		digits = append(digits, text[i])
		if len(digits) >= minCard && (i+1 == len(text) || !isDigit(text[i+1])) && luhn(digits) {
			end = i + 1
		}
	}
	return end
}

// luhn checks a card's last digit.
// Source: ISO/IEC 7812-1, annex B
func luhn(digits []byte) bool {
	sum := 0
	for i, c := range digits {
		d := int(c - '0')
		if (len(digits)-i)%2 == 0 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

// Phone numbers.

const (
	minPhone = 8  // digits, with the country's
	maxPhone = 15 // likewise; source: ITU-T E.164
)

// phoneLengths are how many digits numbers have in the countries whose people
// we know best, with the country's: what follows those is no part of them.
var phoneLengths = []struct {
	country  string
	min, max int
}{{"55", 12, 13}, {"34", 11, 11}, {"1", 11, 11}}

var (
	abroad  = regexp.MustCompile(`\+[ .-]?[(]?[1-9](?:[ .\-/()]{0,3}\d){6,17}`)
	dialled = regexp.MustCompile(`00[ .-]?[(]?[1-9](?:[ .\-/()]{0,3}\d){6,17}`)

	national = regexp.MustCompile(`(?:` + strings.Join([]string{
		// United States: (415) 555-2671, 1-800-555-0199
		`(?:1[ .-])?(?:\(\d{3}\)[ .-]{0,2}|\d{3}[ .-])\d{3}[ .-]\d{4}`,
		// Brazil: (11) 98765-4321, 11 9 8765-4321, (11) 3456-7890, 98765-4321
		`(?:\(0?[1-9]\d\)[ .-]{0,2}|0?[1-9]\d[ .-]{0,2})(?:9[ .-]?\d{4}|[2-8]\d{3})[ .-]\d{4}`,
		`\(0?[1-9]\d\)[ .-]{0,2}9?\d{8}`,
		`9[ .-]?\d{4}-\d{4}`,
		`0[38]00[ .-]?\d{3}[ .-]?\d{4}`,
		// Spain: 612 345 678, 612 34 56 78, 91 123 45 67
		`[6-9]\d{2}[ .-]\d{3}[ .-]\d{3}`,
		`[6-9]\d{2}(?:[ .-]\d{2}){3}`,
		`[89]\d[ .-]\d{3}[ .-]\d{2}[ .-]\d{2}`,
		// without any mark: Brazil's mobile, the United States', Spain's
		`[1-9][1-9]9\d{8}`,
		`[2-9]\d{2}[2-9]\d{6}`,
		`[679]\d{8}`,
	}, "|") + `)`)

	// announced numbers may have any form. The number is the group.
	announced = regexp.MustCompile(`(?i)(?:\b(?:tel|tel[eé]fono|telefone|telephone|phone|fone|celular|cell?|mobile|m[oó]vil|whats[ ]?app|wpp|zap|call|ligue|ligar|ll[aá]m[ae]\w{0,4}))\b` +
		`[ .:º#-]{0,3}(?:(?:number|n[uú]mero|is|é|es|me|us|at|no|al|nº)[ .:-]{1,3}){0,3}(\(?\d(?:[ .\-()]{0,2}\d){6,14})`)

	date   = regexp.MustCompile(`^(?:(?:19|20)\d\d[-. ]?\d{1,2}[-. ]?\d{1,2}|\d{1,2}[-. ]\d{1,2}[-. ](?:19|20)\d\d)(?:$|\D)`)
	years  = regexp.MustCompile(`(?:^|\D)(?:19|20)\d\d[ .-](?:19|20)\d\d$`)
	numero = regexp.MustCompile(`(?i)(?:order|pedido|orden|transac\pL*|transaç\pL*|transacción|purchase|compra|ticket|invoice|fatura|factura|protocol\pL*|product\pL*|produt\pL*|` +
		`ids?|code|c[oó]digo|sku|ref\pL*|n[º°o.]|nr\.?|number|n[uú]mero|#)[ .:#º°=(-]{0,4}(?:(?:is|é|es|number|n[uú]mero|n[º°o]|id)[ .:#º°]{0,3}){0,2}$`)
	price = regexp.MustCompile(`(?i)(?:[$€£¥]|\b(?:usd|brl|eur|gbp|mxn|cop|ars|clp))[ ]?$`)
	paid  = regexp.MustCompile(`(?i)^[ ]?(?:[$€£¥%]|(?:usd|brl|eur|gbp|mxn|cop|ars|clp|reais|real|euros?|d[oó]lar\pL*|dollars?|pesos?)\b)`)
)

// lookBack is how many bytes before a number tell what it is.
const lookBack = 40

// findAbroad finds numbers that begin with a plus.
func findAbroad(text []byte) [][2]int { return search(text, abroad, wholePhone) }

// findPhones finds all others. It runs after the cards, in which 00 may stand.
func findPhones(text []byte) [][2]int {
	found := search(text, dialled, wholePhone)
	for _, at := range found {
		cover(text[at[0]:at[1]])
	}
	plain := search(text, national, func(text []byte, from, to int) (int, bool) {
		number := text[from:to]
		before, after := text[max(0, from-lookBack):from], text[to:min(len(text), to+lookBack)]
		bare := !bytes.ContainsFunc(number, func(r rune) bool { return !unicode.IsDigit(r) })
		switch {
		case !apart(text, from, to), price.Match(before), paid.Match(after), date.Match(number), number[0] != '(' && years.Match(number),
			bytes.HasSuffix(digitsOf(number), []byte("000000")) && !bytes.ContainsAny(number, "(-"),
			bare && (numero.Match(before) || inPath(text, from)):
			return 0, false
		}
		return to, true
	})
	for _, at := range plain {
		cover(text[at[0]:at[1]])
	}
	found = append(found, plain...)
	for _, at := range announced.FindAllSubmatchIndex(text, -1) {
		from, to := at[2], at[3]
		if apart(text, from, to) && !date.Match(text[from:to]) && !years.Match(text[from:to]) {
			found = append(found, [2]int{from, to})
		}
	}
	return found
}

func wholePhone(text []byte, from, to int) (int, bool) {
	end := phoneEnd(text, from, to)
	return end, end > 0 && (from == 0 || !inWord(text[from-1]))
}

// phoneEnd is where an international number ends that begins at from and may
// reach to, or 0 if it is none.
func phoneEnd(text []byte, from, to int) int {
	skip := 0 // digits before the country's
	if text[from] == '0' {
		skip = 2
	}
	least, most := minPhone, maxPhone
	digits := digitsOf(text[from:to])[skip:]
	for _, c := range phoneLengths {
		if bytes.HasPrefix(digits, []byte(c.country)) && len(digits) >= c.min {
			least, most = c.min, c.max
			break
		}
	}
	if skip > 0 {
		least = max(least, 10) // 00 alone says little
	}
	end, n := 0, -skip
	for i := from; i < to && n < most; i++ {
		if !isDigit(text[i]) {
			continue
		}
		if n++; n >= least && (i+1 == len(text) || !inWord(text[i+1])) {
			end = i + 1
		}
	}
	return end
}

// Tokens.

// A secret stands in the whole of a match, or in its first group that matched.
var secrets = regexp.MustCompile(`(?i)` + strings.Join([]string{
	// https://user:password@host
	`://[^\s/:@\x00]*:([^\s/@\x00]+)@`,
	// https://docs.slack.dev/authentication/tokens
	`\bxox[a-z](?:\.xox[a-z])?-[a-z0-9-]{8,}`,
	`\bxapp-[a-z0-9-]{8,}`,
	`hooks\.slack\.com/(?:services|workflows|triggers)/([\w/-]{8,})`,
	// https://docs.discord.com/developers/reference#authentication and /resources/webhook
	`\b[mno][\w-]{22,27}\.[\w-]{6,7}\.[\w-]{27,}`,
	`discord(?:app)?\.com/api/(?:v\d+/)?webhooks/(\d+/[\w-]{8,})`,
	// https://docs.github.com/authentication/keeping-your-account-and-data-secure/about-authentication-to-github
	`\bgh[pousr]_[a-z0-9]{16,}`,
	`\bgithub_pat_\w{16,}`,
	`\bglpat-[\w-]{16,}`,
	// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
	`\b(?-i:AKIA|ASIA|AIDA|AROA)(?-i:[A-Z0-9]{12,})`,
	// https://docs.stripe.com/keys
	`\b(?:[srp]k|whsec)_(?:live_|test_)?[a-z0-9]{10,}`,
	`\bsk-[\w-]{16,}`,
	`\b(?-i:AIza)[\w-]{30,}`,
	// RFC 7519: a JWT's first part is JSON, which begins with {"
	`\b(?-i:eyJ)[\w-]{5,}\.[\w-]{5,}(?:\.[\w-]*)?`,
	// RFC 6750
	`\b(?:bearer|basic)\s+([\w.~+/-]*\d[\w.~+/-]{6,}=*|[\w.~+/-]{6,}\d[\w.~+/-]*=*|[\w.~+/-]{24,}=*)`,
	// token=…, also in an address
	secretNames + `["']?\s?=\s?["']?([^\s"'<>&#,;()\[\]\x00]{4,})`,
	`[?&#;]` + secretNames + `=([^\s"'<>&#;\[\]\x00]+)`,
	// password: hunter22, minha senha é abc123
	secretNames + `["']?\s?(?::\s?|\s(?:is|é|eh|es):?\s)["']?([^\s"'<>,;()\[\]\x00]*\d[^\s"'<>,;()\[\]\x00]*)`,
}, "|"))

// A name of what opens something, in the languages of our sentences.
const secretNames = `(?:[\w-]*(?:password|passwd|passphrase|pwd|secret|token|hottok|api[_-]?key|access[_-]?key|private[_-]?key|signature|session[_-]?id)|` +
	`\b(?:pass|auth|jwt|sig|key|pin|senha|contraseña|contrasena|clave|chave))`

// minSpoken is how long a secret at least is that a sentence gives away: "the
// password is 8 characters long" gives away none.
const minSpoken = 5

func findSecrets(text []byte) [][2]int {
	var found [][2]int
	for _, at := range secrets.FindAllSubmatchIndex(text, -1) {
		from, to := at[0], at[1]
		group := 0
		for i := 2; i < len(at); i += 2 {
			if at[i] >= 0 {
				from, to, group = at[i], at[i+1], i/2
			}
		}
		if group == secrets.NumSubexp() {
			for to > from && strings.IndexByte(".:!?", text[to-1]) >= 0 {
				to--
			}
			if to-from < minSpoken || !bytes.ContainsFunc(text[from:to], unicode.IsLetter) {
				continue
			}
		}
		found = append(found, [2]int{from, to})
	}
	return found
}

const (
	// minRandom is how many characters a string has at least that looks drawn by
	// lot.
	minRandom = 20
	// minMixed is how many they are at least if there is but one digit in it.
	minMixed = 32
	// turning is the least part of neighbours in such a string that are of
	// different kinds: lower, upper, digit. Half of them are in a random one, and
	// few where words and years are joined.
	turning = 0.2
)

var word = regexp.MustCompile(`[A-Za-z0-9+/_=-]{20,}`)

// findRandom finds strings that look drawn by lot. In an address each part of
// the path counts for itself.
func findRandom(text []byte) [][2]int {
	var found [][2]int
	for _, at := range word.FindAllIndex(text, -1) {
		if from, to := at[0], at[1]; random(text[from:to]) && !bytes.Contains(text[from:to], []byte("//")) {
			found = append(found, [2]int{from, to})
			continue
		}
		from := at[0]
		for i := at[0]; i <= at[1]; i++ {
			if i == at[1] || text[i] == '/' || text[i] == '=' {
				if random(text[from:i]) {
					found = append(found, [2]int{from, i})
				}
				from = i + 1
			}
		}
	}
	return found
}

func random(part []byte) bool {
	if len(part) < minRandom {
		return false
	}
	kind := func(c byte) int {
		switch {
		case isDigit(c):
			return 0
		case 'a' <= c && c <= 'z':
			return 1
		case 'A' <= c && c <= 'Z':
			return 2
		}
		return 3
	}
	var count [4]int
	turns := 0
	for i, c := range part {
		count[kind(c)]++
		if i > 0 && kind(c) != kind(part[i-1]) && kind(c) != 3 && kind(part[i-1]) != 3 {
			turns++
		}
	}
	mixed := count[0] >= 3 && count[1]+count[2] >= 3 ||
		len(part) >= minMixed && count[0] >= 1 && count[1] >= 6 && count[2] >= 6
	return mixed && count[3]*5 <= len(part) && float64(turns) >= turning*float64(len(part)-1)
}
