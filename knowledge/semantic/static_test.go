package semantic

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// twelveWords are a question of usual length.
const twelveWords = "the money left my bank but nothing came to my inbox yet"

// file writes a model, as distill/distill.py does.
func file(t testing.TB, about About, tokens []string, scale []float32, rows []int8) []byte {
	t.Helper()
	header, err := json.Marshal(about)
	if err != nil {
		t.Fatal(err)
	}
	list := strings.Join(tokens, "\n") + "\n"
	var b bytes.Buffer
	b.WriteString(magic)
	for _, part := range []any{uint32(len(header)), uint32(len(list)), header, []byte(list), scale, rows} {
		if err := binary.Write(&b, binary.LittleEndian, part); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

// tiny is a model of three tokens, which a test may damage.
func tiny(t testing.TB) []byte {
	return file(t, About{Name: "tiny", Version: "7", Dims: 2, Tokens: 3}, []string{"a", "##b", "!"},
		[]float32{1, 0.5, 2}, []int8{3, 4, 0, -8, 127, -127})
}

func embed(t testing.TB, s *Static, text string) []float32 {
	t.Helper()
	vectors, err := s.Embed(t.Context(), Question, []string{text})
	if err != nil {
		t.Fatal(err)
	}
	return vectors[0]
}

func TestBuiltIn(t *testing.T) {
	about := BuiltIn().About()
	if about.Name == "" || about.Version == "" || about.Licence != "MIT" || !strings.Contains(about.Teacher, "(MIT)") {
		t.Errorf("the model does not say what it is: %+v", about)
	}
	if got, want := BuiltIn().Model(), (Model{about.Name, about.Version, about.Dims}); got != want {
		t.Errorf("Model = %+v, want %+v", got, want)
	}
	if size := len(embedded); size > 12_000_000 {
		t.Errorf("the model takes %d bytes, more than 12 MB", size)
	}
	header := binary.LittleEndian.Uint32(embedded[len(magic):])
	sum := sha256.Sum256(embedded[len(magic)+8+int(header):])
	if got := hex.EncodeToString(sum[:]); got != about.SHA256 {
		t.Errorf("SHA-256 %s, its header says %s", got, about.SHA256)
	}
}

func TestBuiltInKnowsMeanings(t *testing.T) {
	s := BuiltIn()
	tests := []struct{ question, near, far string }{
		{"give me my money back", "request a refund", "change the language of the page"},
		{"i can't log in", "reset your password", "download an invoice"},
		{"quero meu dinheiro de volta", "request a refund", "change the language of the page"},
		{"quiero cancelar mi suscripción", "cancel a subscription", "upload a picture"},
	}
	for _, test := range tests {
		near, _ := cosine(embed(t, s, test.question), embed(t, s, test.near))
		far, _ := cosine(embed(t, s, test.question), embed(t, s, test.far))
		if near <= far {
			t.Errorf("%q is %.2f like %q, and %.2f like %q", test.question, near, test.near, far, test.far)
		}
	}
}

func TestStaticEmbed(t *testing.T) {
	s, err := NewStatic(tiny(t))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		text string
		want []float32
	}{
		{"a token", "a", []float32{0.6, 0.8}},
		{"the sum of two", "ab", []float32{1, 0}}, // 3, 4 and half of 0, -8
		{"upper case", " A ", []float32{0.6, 0.8}},
		{"a word without tokens", "a zzz", []float32{0.6, 0.8}},
		{"no token", "zzz", []float32{0, 0}},
		{"no text", "", []float32{0, 0}},
		{"what comes late is not read", strings.Repeat("a ", maxTokens) + "! ! ! !", []float32{0.6, 0.8}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := embed(t, s, test.text)
			for k := range got {
				if math.Abs(float64(got[k]-test.want[k])) > 1e-6 {
					t.Fatalf("Embed(%.20q) = %v, want %v", test.text, got, test.want)
				}
			}
		})
	}
	if known, ok := s.Known([]string{"a", "!"}); !ok || len(known) != 2 || !slices.Equal(known[0], embed(t, s, "a")) {
		t.Errorf("Known = %v, %v", known, ok)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if list, err := s.Embed(ended, Question, []string{"a"}); !errors.Is(err, context.Canceled) || list != nil {
		t.Errorf("Embed after the end = %v, %v", list, err)
	}
}

func TestNewStaticRefuses(t *testing.T) {
	about := About{Dims: 1, Tokens: 1}
	nan := float32(math.NaN())
	tests := []struct {
		name string
		data []byte
	}{
		{"nothing", nil},
		{"another file", []byte("PK\x03\x04 and so on, as long as need be")},
		{"no more than its name", []byte(magic)},
		{"half", tiny(t)[:len(tiny(t))/2]},
		{"a byte less", tiny(t)[:len(tiny(t))-1]},
		{"a byte more", append(tiny(t), 0)},
		{"a header that is none", bytes.Replace(tiny(t), []byte("{"), []byte("["), 1)},
		{"a header as long as can be", append([]byte(magic), "\xff\xff\xff\xff\xff\xff\xff\xff{}"...)},
		{"no dimensions", file(t, About{Tokens: 1}, []string{"a"}, []float32{1}, nil)},
		{"too many dimensions", file(t, About{Dims: 4097, Tokens: 1}, []string{"a"}, []float32{1}, make([]int8, 4097))},
		{"no tokens", file(t, About{Dims: 1}, nil, nil, nil)},
		{"fewer tokens than it says", file(t, About{Dims: 1, Tokens: 2}, []string{"a"}, []float32{1}, []int8{1})},
		{"more rows than tokens", file(t, about, []string{"a"}, []float32{1}, []int8{1, 2})},
		{"no number", file(t, about, []string{"a"}, []float32{nan}, []int8{1})},
		{"no end", file(t, about, []string{"a"}, []float32{float32(math.Inf(-1))}, []int8{1})},
		{"too much for a sum", file(t, about, []string{"a"}, []float32{math.MaxFloat32}, []int8{1})},
		{"too little for a square", file(t, about, []string{"a"}, []float32{1e-30}, []int8{1})},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if s, err := NewStatic(test.data); err == nil || s != nil {
				t.Errorf("NewStatic = %v, %v", s, err)
			}
		})
	}
}

// sound fails unless a vector is what an Embedder promises.
func sound(t *testing.T, s *Static, text string) {
	t.Helper()
	vector := embed(t, s, text)
	if len(vector) != s.Model().Dims {
		t.Fatalf("%q has a vector of %d numbers, not %d", text, len(vector), s.Model().Dims)
	}
	square, empty := 0.0, true
	for _, x := range vector {
		square += float64(x) * float64(x)
		empty = empty && x == 0
	}
	if !empty && !(math.Abs(math.Sqrt(square)-1) < 1e-4) {
		t.Fatalf("%q has a vector of length %v", text, math.Sqrt(square))
	}
	if again := embed(t, s, text); !slices.Equal(vector, again) {
		t.Fatalf("%q has another vector the second time", text)
	}
}

// FuzzNewStatic takes any file for a model: it is refused, or it works.
func FuzzNewStatic(f *testing.F) {
	whole := tiny(f)
	f.Add(whole)
	f.Add(whole[:len(whole)-3])
	f.Add(bytes.Replace(whole, []byte(`"tokens":3`), []byte(`"tokens":9`), 1))
	f.Add(bytes.Replace(whole, []byte(`"dims":2`), []byte(`"dims":1`), 1))
	f.Add(file(f, About{Dims: 1, Tokens: 2}, []string{"", ""}, []float32{0, -1}, []int8{-128, 127}))
	f.Add(append([]byte(magic), make([]byte, 8)...))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := NewStatic(data)
		if err != nil {
			if s != nil {
				t.Fatal("a model beside an error")
			}
			return
		}
		for _, text := range []string{"", "a ab ! b##b [UNK]", twelveWords, string(data)} {
			sound(t, s, text)
		}
	})
}

// A length that a file only claims must not be taken for room to make.
func TestNewStaticMakesNoRoomForLies(t *testing.T) {
	lies := [][]byte{
		append([]byte(magic), "\x00\x00\x80\x00\x00\x00\x80\x00{}"...),
		bytes.Replace(tiny(t), []byte(`"tokens":3`), []byte(`"tokens":2147483647`), 1),
		bytes.Replace(tiny(t), []byte(`"dims":2`), []byte(`"dims":4096`), 1),
	}
	for _, data := range lies {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := NewStatic(data); err == nil {
			t.Error("no error")
		}
		runtime.ReadMemStats(&after)
		if got := after.TotalAlloc - before.TotalAlloc; got > 1<<16 {
			t.Errorf("%d bytes are allocated for a file of %d", got, len(data))
		}
	}
}

// FuzzEmbed takes any text.
func FuzzEmbed(f *testing.F) {
	for _, text := range []string{"", twelveWords, "Não recebi o acesso ao curso 😀", "\xff\xfe", "İ ﬁ \u0301\u200b", strings.Repeat("a", 300), "中文"} {
		f.Add(text)
	}
	s := BuiltIn()
	f.Fuzz(func(t *testing.T, text string) { sound(t, s, text) })
}

// BenchmarkNewStatic is what the model adds to the start of the program.
func BenchmarkNewStatic(b *testing.B) {
	b.SetBytes(int64(len(embedded)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := NewStatic(embedded); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkEmbed makes the vector of a question of twelve words.
func BenchmarkEmbed(b *testing.B) {
	s := BuiltIn()
	b.ReportAllocs()
	for b.Loop() {
		s.embed(twelveWords)
	}
}

// TestGuess: of words that differ by one slip, the commonest is meant.
func TestGuess(t *testing.T) {
	tests := []struct{ word, want string }{
		{"knjow", "know"},        // a letter too many
		{"passwrd", "password"},  // missing
		{"passwird", "password"}, // wrong
		{"calendra", "calendar"}, // in the other order
		{"PASSWRD", "password"},
		{"senhha", "senha"},
		{"contraseñaa", "contrasena"},
		{"mony", ""},     // too short
		{"qqqqzzzz", ""}, // nothing near
		{"pssswrd", ""},  // two slips
		{strings.Repeat("a", 200), ""},
		{"", ""},
	}
	for _, test := range tests {
		if got, ok := BuiltIn().Guess(test.word); got != test.want || ok != (test.want != "") {
			t.Errorf("%q is taken for %q, %t; want %q", test.word, got, ok, test.want)
		}
	}
}
