package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// built is a program with a dependency, in a module of its own.
func built(t *testing.T, version string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":     "module example.com/Shop\n\ngo 1.26\n\nrequire example.com/lib v1.2.0\n\nreplace example.com/lib v1.2.0 => ./lib\n",
		"main.go":    "package main\n\nimport \"example.com/lib\"\n\nfunc main() { println(lib.Word) }\n",
		"lib/go.mod": "module example.com/lib\n\ngo 1.26\n",
		"lib/lib.go": "package lib\n\nconst Word = \"" + version + "\"\n\nvar X = Word\n",
	} {
		at := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(dir, "shop-"+version)
	build := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-trimpath", "-o", file, ".")
	build.Dir = dir
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-mod=mod", "GOPROXY=off")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return file
}

// TestBill: a list names the program, each module in it and Go itself, has what
// the schema of CycloneDX 1.6 requires, and is the same each time.
func TestBill(t *testing.T) {
	one, two := built(t, "one"), built(t, "two")
	make := func(files ...string) []byte {
		t.Helper()
		var out bytes.Buffer
		if err := run(&out, "v1.0.0+x", time.Unix(1700000000, 0).UTC(), files); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	data := make(one, two)
	if again := make(one, two); !bytes.Equal(data, again) {
		t.Error("two lists of the same programs differ")
	}
	var got struct {
		BOMFormat, SpecVersion, SerialNumber string
		Version                              int
		Metadata                             struct {
			Timestamp time.Time
			Component component
		}
		Components   []component
		Dependencies []dependency
	}
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	// Source: https://cyclonedx.org/schema/bom-1.6.schema.json
	if got.BOMFormat != "CycloneDX" || got.SpecVersion != "1.6" || got.Version != 1 ||
		!regexp.MustCompile(`^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`).MatchString(got.SerialNumber) {
		t.Errorf("head: %s %s %d %s", got.BOMFormat, got.SpecVersion, got.Version, got.SerialNumber)
	}
	root := got.Metadata.Component
	if root.PURL != "pkg:golang/example.com/shop@v1.0.0%2Bx" || len(root.Components) != 2 || len(root.Components[0].Hashes[0].Content) != 64 || !got.Metadata.Timestamp.Equal(time.Unix(1700000000, 0)) {
		t.Errorf("the program: %+v", got.Metadata)
	}
	var refs []string
	for _, c := range got.Components {
		if c.Type == "" || c.Name == "" || c.Ref == "" || slices.Contains(refs, c.Ref) { // type and name are required, refs are unique
			t.Errorf("component %+v", c)
		}
		refs = append(refs, c.Ref)
	}
	if len(refs) != 2 || !strings.HasPrefix(refs[1], "pkg:golang/std@1.") {
		t.Errorf("components %q", refs)
	}
	if len(got.Dependencies) != 3 || !slices.Equal(got.Dependencies[0].On, refs) {
		t.Errorf("dependencies %+v", got.Dependencies)
	}
}

func TestBillRefuses(t *testing.T) {
	text := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(text, []byte("no program"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, files := range [][]string{nil, {text}, {"missing"}} {
		if err := run(&bytes.Buffer{}, "v1", time.Time{}, files); err == nil {
			t.Errorf("a list was made of %q", files)
		}
	}
}
