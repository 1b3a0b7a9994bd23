package lint

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
)

const root = "../.."

// goodbye is how long Signpost takes to stop in order, as docs/operate.md says.
const goodbye = 15 * time.Second

func project(t *testing.T, profiles ...string) *types.Project {
	t.Helper()
	options, err := cli.NewProjectOptions([]string{filepath.Join(root, "compose.yaml")}, cli.WithProfiles(profiles), cli.WithEnv([]string{"SIGNPOST_LOCAL=./local"}))
	if err != nil {
		t.Fatal(err)
	}
	p, err := options.LoadProject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestCompose reads compose.yaml as Docker Compose does, and looks whether every
// container is confined, and Redis reached by no one else.
func TestCompose(t *testing.T) {
	p := project(t, "tools")
	for name, s := range p.Services {
		if !s.ReadOnly || !slices.Equal(s.CapDrop, []string{"ALL"}) || !slices.Contains(s.SecurityOpt, "no-new-privileges:true") || s.Privileged {
			t.Errorf("%s: read_only %v, cap_drop %v, security_opt %v", name, s.ReadOnly, s.CapDrop, s.SecurityOpt)
		}
		if len(s.Ports) > 0 {
			t.Errorf("%s publishes %v", name, s.Ports)
		}
		for _, v := range s.Volumes {
			if v.Type != types.VolumeTypeBind || strings.Contains(v.Source, "/local/") {
				continue
			}
			if _, err := os.Stat(v.Source); err != nil {
				t.Errorf("%s mounts what is not there: %v", name, err)
			}
		}
		for variable, value := range s.Environment {
			if value != nil && strings.HasPrefix(*value, "/run/secrets/") && !slices.ContainsFunc(s.Secrets, func(of types.ServiceSecretConfig) bool { return "/run/secrets/"+of.Source == *value }) {
				t.Errorf("%s: %s names %s, which is none of its secrets", name, variable, *value)
			}
		}
	}
	for _, name := range []string{"signpost", "redis"} {
		s := p.Services[name]
		if s.Restart != "unless-stopped" || s.MemLimit == 0 || s.PidsLimit == 0 || s.StopGracePeriod == nil || time.Duration(*s.StopGracePeriod) < goodbye || s.User == "" || s.User == "root" {
			t.Errorf("%s: restart %q, memory %d, processes %d, grace %v, user %q", name, s.Restart, s.MemLimit, s.PidsLimit, s.StopGracePeriod, s.User)
		}
	}
	redis := p.Services["redis"]
	if redis.HealthCheck == nil || len(redis.Networks) != 1 || !p.Networks["inside"].Internal {
		t.Errorf("redis: healthcheck %v, networks %v", redis.HealthCheck, redis.Networks)
	}
	if got := p.Services["signpost"].DependsOn["redis"].Condition; got != types.ServiceConditionHealthy {
		t.Errorf("signpost waits until redis is %q", got)
	}
	made, err := os.ReadFile(filepath.Join(root, "deploy/init.sh"))
	if err != nil {
		t.Fatal(err)
	}
	for name, secret := range p.Secrets {
		if filepath.Base(secret.File) != name || !strings.Contains(string(made), name) {
			t.Errorf("secret %s is in %s, and deploy/init.sh makes no such file", name, secret.File)
		}
	}
	if plain := project(t); len(plain.Services) != 2 {
		t.Errorf("docker compose up starts %v", plain.ServiceNames())
	}
}
