package chat

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestMask(t *testing.T) {
	tests := []struct{ text, want string }{
		{"write to ana.silva+news@exemplo.com.br, please", "write to [e-mail], please"},
		{"escreva para joão@exämple.com.", "escreva para [e-mail]."},
		{"ana (at) example (dot) com", "[e-mail]"},
		{"ana＠example．com", "[e-mail]"},
		{"a\u200bna@exa\u00admple.com!", "[e-mail]!"},
		{"my handle is ana@discord", "my handle is ana@discord"},
		{"<mailto:ana@example.com|ana@example.com>", "<mailto:[e-mail]|[e-mail]>"},

		{"call +55 11 91234-5678 now", "call [phone] now"},
		{"+1 (415) 555-2671 2 times", "[phone] 2 times"},
		{"0034 612 34 56 78", "[phone]"},
		{"+44 20 7946 0958", "[phone]"},
		{"liga (11) 3456-7890 ou 11 9 8765-4321", "liga [phone] ou [phone]"},
		{"meu zap é 11987654321", "meu zap é [phone]"},
		{"llámame al 612345678 o al 91 123 45 67", "llámame al [phone] o al [phone]"},
		{"415-555-2671 or 415.555.2671 or (415)555-2671", "[phone] or [phone] or [phone]"},
		{"tel: 555-1234", "tel: [phone]"},
		{"＋５５　１１　９１２３４－５６７８", "[phone]"},
		{"+55\u00a011\u202f91234\u20115678", "[phone]"},
		{"+5\u200b5 11 9\u200d1234-5678", "[phone]"},
		{"٠٠٣٤ ٦١٢ ٣٤ ٥٦ ٧٨", "[phone]"},
		{"my order 612345678 of 9876543210", "my order 612345678 of [phone]"},
		{"order 12345, T-12, pedido #987654, HP0123456789", "order 12345, T-12, pedido #987654, HP0123456789"},
		{"my 11 91900-1900 is wrong", "my [phone] is wrong"},
		{"on 2024-01-15 at 10:30:45, 15/01/2024, 15-01-2024 and in 2019-2020", "on 2024-01-15 at 10:30:45, 15/01/2024, 15-01-2024 and in 2019-2020"},
		{"call 2024-01-15", "call 2024-01-15"},
		{"R$ 1.234.567,89 or $612 345 678 or 612.345.678 €", "R$ 1.234.567,89 or $612 345 678 or 612.345.678 €"},
		{"700 000 000 people pay 12,5% of 1.000.000", "700 000 000 people pay 12,5% of 1.000.000"},

		{"card 4111 1111 1111 1111 exp 12/27", "card [card] exp 12/27"},
		{"4111-1111-1111-1111", "[card]"},
		{"order 12 378282246310005, 4111111111111111", "order 12 [card], [card]"},
		{"4111\u200b1111\u200b1111\u200b1111 and ４１１１１１１１１１１１１１１１", "[card] and [card]"},
		{"4111/1111/1111/1111", "[card]"},
		{"+5511900000010 and 4111 0055 1111 1111", "[phone] and [card]"},
		{"https://help.example.com/article/4969086981901", "https://help.example.com/article/4969086981901"},
		{"4111 1111 1111 1112", "4111 1111 1111 1112"},

		{"IBAN DE89 3704 0044 0532 0130 00 thanks", "IBAN [iban] thanks"},
		{"es9121000418450200051332", "[iban]"},
		{"BR18 0036 0305 0000 1000 9795 493C 1", "[iban]"},
		{"GB82 WEST 1234 5698 7654 33", "GB82 WEST 1234 5698 7654 33"},

		{"from 192.168.0.1:8080 and 10.0.0.0/8.", "from [ip]:8080 and [ip]/8."},
		{"1[.]2[.]3[.]4", "[ip]"},
		{"2001:db8::1, fe80::1ff:fe23:4567:890a. IP:2001:db8::2", "[ip], [ip]. IP:[ip]"},
		{"::ffff:1.2.3.4", "[ip]"},
		{"v1.2.3.4, 1.2.3, 300.1.1.1, 12:30:45, std::string, a::b", "v1.2.3.4, 1.2.3, 300.1.1.1, 12:30:45, std::string, a::b"},
		{":100::100:", ":100::100:"},

		{"xoxb-123456789012-abcdefGHIJ and xapp-1-A0123-456-abc", "[token] and [token]"},
		{"ghp_abcdefghijklmnopqrst0123456789ABCDEF", "[token]"},
		{"AKIAIOSFODNN7EXAMPLE", "[token]"},
		{"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "[token]"},
		{"sk_live_4eC39HqLyjWDarjtT1zdp7dc", "[token]"},
		{"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N", "[token]"},
		{"Authorization: Bearer abc123def456", "Authorization: Bearer [token]"},
		{"MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs", "[token]"},
		{"https://ana:s3cret@example.com/x", "https://ana:[token]@example.com/x"},
		{"https://example.com/cb?state=1&access_token=abc&x=1", "https://example.com/cb?state=1&access_token=[token]&x=1"},
		{"key=abcd1234, api_key: 'zzz999'", "key=[token], api_key: '[token]'"},
		{"minha senha é abc123!", "minha senha é [token]!"},
		{"la contraseña es hunter22.", "la contraseña es [token]."},
		{"a senha: mínimo 8 caracteres", "a senha: mínimo 8 caracteres"},
		{"the password is 8 characters long", "the password is 8 characters long"},
		{"d41d8cd98f00b204e9800998ecf8427e", "[token]"},
		{"https://help.example.com/en/articles/360038515132-how-do-i-get-my-money-back-in-2024", "https://help.example.com/en/articles/360038515132-how-do-i-get-my-money-back-in-2024"},

		{"[e-mail] [phone] [token]", "[e-mail] [phone] [token]"},
		{"key=[token]", "key=[token]"},
		{"", ""},
		{"\xff ana@example.com \xff", "\xff [e-mail] \xff"},
	}
	for _, test := range tests {
		if got := Mask(test.text); got != test.want {
			t.Errorf("Mask(%q) = %q, want %q", test.text, got, test.want)
		}
	}
}

// Sentences that a datum is put into, in the languages of our own.
var sentences = []string{
	"Hi, I bought the course and my %s is wrong, can you help?",
	"please answer me here: %s",
	"%s is what I used when I paid",
	"Olá, não consigo entrar. É este: %s. Podem ajudar?",
	"meu reembolso não chegou (%s), o que faço?",
	"comprei ontem com %s",
	"Hola, ¿pueden cambiar %s? Ya no lo uso.",
	"no me llega nada a %s; gracias",
	"compré el curso,%s,y no puedo entrar",
	"\"%s\"",
}

// disguises are what people's keyboards, and those who hide something, make of
// a character.
func disguise(t *rapid.T, s string) string {
	switch rapid.IntRange(0, 3).Draw(t, "disguise") {
	case 1: // full width
		return strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '\u3000'
			case r > ' ' && r <= '~':
				return r - '!' + '！'
			}
			return r
		}, s)
	case 2: // something invisible
		at := rapid.IntRange(1, len(s)-1).Draw(t, "at")
		return s[:at] + rapid.SampledFrom([]string{"\u200b", "\u200d", "\ufeff", "\u00ad", "\u2060"}).Draw(t, "invisible") + s[at:]
	case 3: // no line breaks
		return strings.NewReplacer(" ", "\u00a0", "-", "\u2011").Replace(s)
	}
	return s
}

// checkMasked checks that a datum is masked wherever it stands, and that all
// around it stays.
func checkMasked(t *rapid.T, datum, want string) {
	sentence := rapid.SampledFrom(sentences).Draw(t, "sentence")
	text := fmt.Sprintf(sentence, disguise(t, datum))
	if got := Mask(text); got != fmt.Sprintf(sentence, want) {
		t.Fatalf("Mask(%q) = %q, want %q", text, got, fmt.Sprintf(sentence, want))
	}
}

func TestMaskMail(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		datum := rapid.StringMatching(`[a-z][a-z0-9._+-]{0,12}[a-z0-9]@[a-z][a-z0-9-]{0,8}[a-z]\.(com|com\.br|es|org|io)`).Draw(t, "mail")
		checkMasked(t, datum, maskedMail)
	})
}

func TestMaskPhone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		datum := rapid.StringMatching(`\+55 ?\(?[1-9][1-9]\)? ?9[0-9]{4}[ -]?[0-9]{4}`+
			`|\([1-9][1-9]\) ?9?[2-8][0-9]{3}-[0-9]{4}|[1-9][1-9] 9[0-9]{4}-[0-9]{4}`+
			`|\+34 ?[67][0-9]{2} ?[0-9]{3} ?[0-9]{3}|0034 [67][0-9]{2}( [0-9]{2}){3}|[67][0-9]{2} [0-9]{3} [0-9]{2}[1-9]`+
			`|(\+1 )?\([2-9][0-9]{2}\) [2-9][0-9]{2}-[0-9]{4}|[2-9][0-9]{2}-[2-9][0-9]{2}-[0-9]{4}`+
			`|\+(44|49|351|52|57|91)[ -]?[0-9]{2,3}[ -]?[0-9]{3}[ -]?[0-9]{3,4}`).Draw(t, "phone")
		checkMasked(t, datum, maskedPhone)
	})
}

func TestMaskCard(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		digits := rapid.StringMatching(`[2-6][0-9]{11,17}`).Draw(t, "digits")
		for c := byte('0'); ; c++ {
			if luhn([]byte(digits + string(c))) {
				digits += string(c)
				break
			}
		}
		between := rapid.SampledFrom([]string{"", " ", "-"}).Draw(t, "between")
		var groups []string
		for rest := digits; rest != ""; rest = rest[min(4, len(rest)):] {
			groups = append(groups, rest[:min(4, len(rest))])
		}
		checkMasked(t, strings.Join(groups, between), maskedCard)
	})
}

func TestMaskIBAN(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		country := rapid.SampledFrom(strings.Fields(ibanLengths)).Draw(t, "country")
		var length int
		fmt.Sscan(country[2:], &length)
		account := rapid.StringMatching(fmt.Sprintf(`[A-Z0-9]{%d}`, length-4)).Draw(t, "account")
		var number strings.Builder
		for _, c := range account + country[:2] + "00" {
			if c >= 'A' {
				fmt.Fprint(&number, c-'A'+10)
			} else {
				number.WriteRune(c)
			}
		}
		n, _ := new(big.Int).SetString(number.String(), 10)
		iban := fmt.Sprintf("%s%02d%s", country[:2], 98-new(big.Int).Mod(n, big.NewInt(97)).Int64(), account)
		if rapid.Bool().Draw(t, "spaced") {
			var groups []string
			for rest := iban; rest != ""; rest = rest[min(4, len(rest)):] {
				groups = append(groups, rest[:min(4, len(rest))])
			}
			iban = strings.Join(groups, " ")
		}
		checkMasked(t, iban, maskedIBAN)
	})
}

func TestMaskIP(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		datum := rapid.OneOf(
			rapid.Map(rapid.SliceOfN(rapid.IntRange(0, 255), 4, 4), func(b []int) string {
				return fmt.Sprintf("%d.%d.%d.%d", b[0], b[1], b[2], b[3])
			}),
			rapid.Map(rapid.SliceOfN(rapid.IntRange(0x1000, 0xffff), 8, 8), func(b []int) string {
				return fmt.Sprintf("%x:%x:%x:%x:%x:%x:%x:1", b[0], b[1], b[2], b[3], b[4], b[5], b[6])
			}),
			rapid.Map(rapid.IntRange(0x1000, 0xffff), func(b int) string { return fmt.Sprintf("2001:db8::%x", b) }),
		).Draw(t, "ip")
		checkMasked(t, datum, maskedIP)
	})
}

func TestMaskToken(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		datum := rapid.StringMatching(`xox[abprs]-[0-9]{10,12}-[0-9]{10,12}-[A-Za-z0-9]{24}|xapp-1-A[A-Z0-9]{8}-[0-9]{13}-[a-f0-9]{40}`+
			`|gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{30}|AKIA[A-Z0-9]{16}|[sr]k_(live|test)_[A-Za-z0-9]{24}`+
			`|eyJ[A-Za-z0-9]{20}\.eyJ[A-Za-z0-9_-]{30}\.[A-Za-z0-9_-]{42}[A-Za-z]|M[A-Za-z0-9]{23}\.[A-Za-z0-9]{6}\.[A-Za-z0-9_-]{26}[A-Za-z]`+
			`|([a-z][0-9]){16}|([A-Z][0-9][a-z]){9}`).Draw(t, "token")
		checkMasked(t, datum, maskedToken)
	})
}

// What is masked already stays, nothing grows much, and bytes that are no text
// harm nobody.
func FuzzMask(f *testing.F) {
	for _, s := range []string{
		"ana@example.com +55 11 91234-5678 4111 1111 1111 1111", "DE89 3704 0044 0532 0130 00 2001:db8::1 1.2.3.4",
		"key=abc1234 Bearer abcdef123456 https://a:b@c.d?token=x", "[phone][e-mail]", "\xff\u200b４１１１", "00:00::0 +1+1 12345678",
		"senha é a1b2c3 tel 1234567", strings.Repeat("1 ", 40), strings.Repeat("a@", 20),
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once := Mask(s)
		if twice := Mask(once); twice != once {
			t.Errorf("Mask(%q) = %q, and again %q", s, once, twice)
		}
		// The shortest of each kind is "a:b@": one byte gives way to seven.
		if len(once) > 8*len(s) {
			t.Errorf("Mask(%q) has %d bytes", s, len(once))
		}
		if utf8.ValidString(s) && !utf8.ValidString(once) {
			t.Errorf("Mask(%q) = %q", s, once)
		}
	})
}

func TestMaskTwice(t *testing.T) {
	parts := rapid.SampledFrom([]string{
		"ana@x.io", "+55 11 91234-5678", "4111111111111111", "DE89370400440532013000", "1.2.3.4", "::1", "key=abcd", "key: a1b2c3", "Bearer abcdef123",
		"612345678", " ", "-", ".", "/", ":", "@", "=", "[", "]", "1", "12", "a", "é", "\u200b", "\n", "https://", "tel ", "order ", "€", "[phone]", "[token]", "senha é ",
	})
	rapid.Check(t, func(t *rapid.T) {
		s := strings.Join(rapid.SliceOfN(parts, 0, 12).Draw(t, "parts"), "")
		once := Mask(s)
		if twice := Mask(once); twice != once {
			t.Errorf("Mask(%q) = %q, and again %q", s, once, twice)
		}
	})
}

// TestMaskLeavesQuestions reads what people really ask.
func TestMaskLeavesQuestions(t *testing.T) {
	shared := os.Getenv("SIGNPOST_SHARED")
	if shared == "" {
		t.Skip("SIGNPOST_SHARED is not set: it names the folder that holds questions/dev.jsonl")
	}
	file, err := os.Open(filepath.Join(shared, "questions", "dev.jsonl"))
	if err != nil {
		t.Skip(err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		var question struct{ Text string }
		if err := json.Unmarshal(lines.Bytes(), &question); err != nil {
			t.Fatal(err)
		}
		if got := Mask(question.Text); got != question.Text {
			t.Errorf("Mask(%q) = %q", question.Text, got)
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
}

// TestMaskLeavesArticles reads the sample. Only real contact data gives way.
func TestMaskLeavesArticles(t *testing.T) {
	files, err := filepath.Glob("../../knowledge/sample/*/*/*.md")
	if err != nil || len(files) == 0 {
		t.Fatal("no sample", err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		_, body, _ := strings.Cut(string(text)[3:], "\n---\n") // the front matter has an id
		for line := range strings.Lines(body) {
			if got := Mask(line); got != line {
				t.Errorf("%s: Mask(%q) = %q", name, line, got)
			}
		}
	}
}
