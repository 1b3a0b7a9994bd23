// Sbom lists what is inside of built programs, as a CycloneDX bill of materials on
// its standard output. It reads what Go itself writes into a program, so the list
// is of what was linked and not of what might have been.
//
//	go run ./sbom -version v1.2.3 -time 1700000000 FILE ...
package main

import (
	"cmp"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"
)

func main() {
	version := flag.String("version", "", "of the release")
	at := flag.Int64("time", 0, "when it was made, in Unix seconds")
	flag.Parse()
	if err := run(os.Stdout, *version, time.Unix(*at, 0).UTC(), flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "sbom:", err)
		os.Exit(1)
	}
}

func run(out io.Writer, version string, at time.Time, files []string) error {
	if version == "" || len(files) == 0 {
		return errors.New("-version and files are needed")
	}
	var programs []program
	for _, name := range files {
		p, err := read(name)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		programs = append(programs, p)
	}
	list, err := list(version, at, programs)
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(list)
}

// A program is a file that Go has built.
type program struct {
	name string // of the file
	sum  string // SHA-256, hex
	*debug.BuildInfo
}

func read(name string) (program, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return program{}, err
	}
	info, err := buildinfo.ReadFile(name)
	if err != nil {
		return program{}, err
	}
	sum := sha256.Sum256(data)
	return program{filepath.Base(name), hex.EncodeToString(sum[:]), info}, nil
}

// A bill is what CycloneDX 1.6 asks for, as far as we have it.
// Source: https://cyclonedx.org/docs/1.6/json/
type bill struct {
	Schema       string       `json:"$schema"`
	Format       string       `json:"bomFormat"`
	Spec         string       `json:"specVersion"`
	Serial       string       `json:"serialNumber"`
	Version      int          `json:"version"`
	Metadata     metadata     `json:"metadata"`
	Components   []component  `json:"components"`
	Dependencies []dependency `json:"dependencies"`
}

type metadata struct {
	Timestamp string    `json:"timestamp"`
	Component component `json:"component"`
}

type component struct {
	Type       string      `json:"type"`
	Ref        string      `json:"bom-ref"`
	Name       string      `json:"name"`
	Version    string      `json:"version,omitempty"`
	Scope      string      `json:"scope,omitempty"`
	Hashes     []hash      `json:"hashes,omitempty"`
	PURL       string      `json:"purl,omitempty"`
	Licenses   []license   `json:"licenses,omitempty"`
	Components []component `json:"components,omitempty"`
}

type hash struct {
	Algorithm string `json:"alg"`
	Content   string `json:"content"` // hex
}

type license struct {
	License struct {
		ID string `json:"id"`
	} `json:"license"`
}

type dependency struct {
	Ref string   `json:"ref"`
	On  []string `json:"dependsOn,omitempty"`
}

// list joins what programs are made of. They must have been built from the same
// source by the same Go.
func list(version string, at time.Time, programs []program) (bill, error) {
	first := programs[0]
	modules := map[string]component{}
	root := component{Type: "application", Ref: purl(first.Main.Path, version), Name: first.Main.Path, Version: version, PURL: purl(first.Main.Path, version)}
	mit := license{}
	mit.License.ID = "MIT"
	root.Licenses = []license{mit}
	for _, p := range programs {
		if p.Main.Path != first.Main.Path || p.GoVersion != first.GoVersion {
			return bill{}, fmt.Errorf("%s is %s by %s, and %s is %s by %s", first.name, first.Main.Path, first.GoVersion, p.name, p.Main.Path, p.GoVersion)
		}
		root.Components = append(root.Components, component{
			Type: "file", Ref: "file:" + p.name, Name: p.name, Version: version, Hashes: []hash{{"SHA-256", p.sum}},
		})
		for _, m := range p.Deps {
			if m.Replace != nil {
				m = m.Replace
			}
			c := component{Type: "library", Ref: purl(m.Path, m.Version), Name: m.Path, Version: m.Version, Scope: "required", PURL: purl(m.Path, m.Version)}
			// Go's sum of a module: the SHA-256 of the list of its files and their sums.
			if sum, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(m.Sum, "h1:")); err == nil && len(sum) == sha256.Size {
				c.Hashes = []hash{{"SHA-256", hex.EncodeToString(sum)}}
			}
			modules[c.Ref] = c
		}
	}
	std := "pkg:golang/std@" + strings.TrimPrefix(first.GoVersion, "go")
	modules[std] = component{Type: "library", Ref: std, Name: "std", Version: first.GoVersion, Scope: "required", PURL: std}

	b := bill{
		Schema: "http://cyclonedx.org/schema/bom-1.6.schema.json", Format: "CycloneDX", Spec: "1.6", Version: 1,
		Metadata: metadata{Timestamp: at.Format(time.RFC3339), Component: root},
	}
	for _, ref := range slices.Sorted(maps.Keys(modules)) {
		b.Components = append(b.Components, modules[ref])
		b.Dependencies = append(b.Dependencies, dependency{Ref: ref})
	}
	b.Dependencies = append([]dependency{{root.Ref, slices.Sorted(maps.Keys(modules))}}, b.Dependencies...)
	// A name for this very list, the same whenever it is made: from what is in it.
	data, err := json.Marshal(b)
	if err != nil {
		return bill{}, err
	}
	b.Serial = serial(sha256.Sum256(data))
	return b, nil
}

// purl is the address of a Go module among packages of all kinds.
// Source: https://github.com/package-url/purl-spec/blob/main/types-doc/golang-definition.md
func purl(path, version string) string {
	return "pkg:golang/" + strings.ToLower(path) + "@" + strings.ReplaceAll(cmp.Or(version, "unknown"), "+", "%2B")
}

// serial is a UUID of version 8, for which the bits are one's own.
// Source: https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-8
func serial(sum [sha256.Size]byte) string {
	u := sum[:16]
	u[6] = u[6]&0x0f | 0x80
	u[8] = u[8]&0x3f | 0x80
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}
