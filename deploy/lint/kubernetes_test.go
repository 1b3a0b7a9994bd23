package lint

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/yaml"
)

// kinds are what the manifests may hold.
var kinds = map[string]func() any{
	"apps/v1 Deployment":                 func() any { return &appsv1.Deployment{} },
	"apps/v1 StatefulSet":                func() any { return &appsv1.StatefulSet{} },
	"batch/v1 CronJob":                   func() any { return &batchv1.CronJob{} },
	"v1 ConfigMap":                       func() any { return &corev1.ConfigMap{} },
	"v1 Namespace":                       func() any { return &corev1.Namespace{} },
	"v1 Pod":                             func() any { return &corev1.Pod{} },
	"v1 PersistentVolumeClaim":           func() any { return &corev1.PersistentVolumeClaim{} },
	"v1 Secret":                          func() any { return &corev1.Secret{} },
	"v1 Service":                         func() any { return &corev1.Service{} },
	"networking.k8s.io/v1 NetworkPolicy": func() any { return &networkingv1.NetworkPolicy{} },
	"policy/v1 PodDisruptionBudget":      func() any { return &policyv1.PodDisruptionBudget{} },
}

var parts = regexp.MustCompile(`(?m)^---\n`)

// decode reads manifests as the API server does with --validate=strict: a key
// that it does not know is a mistake.
func decode(t *testing.T, name string, data []byte) []any {
	t.Helper()
	var list []any
	for _, part := range parts.Split(string(data), -1) {
		var is metav1.TypeMeta
		if err := yaml.Unmarshal([]byte(part), &is); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		like, ok := kinds[is.APIVersion+" "+is.Kind]
		if !ok {
			t.Fatalf("%s holds a %s %s", name, is.APIVersion, is.Kind)
		}
		object := like()
		if err := yaml.UnmarshalStrict([]byte(part), object); err != nil {
			t.Errorf("%s, %s: %v", name, is.Kind, err)
		}
		list = append(list, object)
	}
	return list
}

// manifests are those of the folder, as they are or as kustomize joins them.
func manifests(t *testing.T, joined bool) []any {
	t.Helper()
	if joined {
		kubectl, err := exec.LookPath("kubectl")
		if err != nil {
			t.Skip("no kubectl to join the manifests with; they are read one by one")
		}
		out, err := exec.CommandContext(t.Context(), kubectl, "kustomize", "..").Output()
		if err != nil {
			t.Fatal(err)
		}
		return decode(t, "kubectl kustomize", out)
	}
	files, err := filepath.Glob("../kubernetes/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var list []any
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if filepath.Base(name) != "settings.yaml" { // of Signpost
			list = append(list, decode(t, name, data)...)
		}
	}
	return list
}

// templates are the pods of some manifests, by name.
func templates(list []any) map[string]corev1.PodTemplateSpec {
	pods := map[string]corev1.PodTemplateSpec{}
	for _, object := range list {
		switch o := object.(type) {
		case *appsv1.Deployment:
			pods[o.Name] = o.Spec.Template
		case *appsv1.StatefulSet:
			pods[o.Name] = o.Spec.Template
		case *corev1.Pod: // part of none
			pods[o.Name] = corev1.PodTemplateSpec{ObjectMeta: o.ObjectMeta, Spec: o.Spec}
		case *batchv1.CronJob:
			pods[o.Name] = o.Spec.JobTemplate.Spec.Template
		}
	}
	return pods
}

func of[T any](t *testing.T, list []any, name string) T {
	t.Helper()
	for _, object := range list {
		if o, ok := object.(T); ok && object.(metav1.Object).GetName() == name {
			return o
		}
	}
	t.Fatalf("there is no %T named %s", *new(T), name)
	panic("unreachable")
}

func TestKubernetes(t *testing.T) {
	t.Run("one by one", func(t *testing.T) {
		list := manifests(t, false)
		judge(t, list)
		for _, v := range of[*corev1.Pod](t, list, "restore").Spec.Volumes {
			if redis := of[*appsv1.StatefulSet](t, list, "redis"); v.Name == "redis" && v.PersistentVolumeClaim.ClaimName != redis.Spec.VolumeClaimTemplates[0].Name+"-"+redis.Name+"-0" {
				t.Errorf("the copy is brought into %s", v.PersistentVolumeClaim.ClaimName)
			}
		}
	})
	t.Run("joined", func(t *testing.T) {
		list := manifests(t, true)
		judge(t, list)
		for _, object := range list {
			o := object.(metav1.Object)
			if o.GetNamespace() != "signpost" && o.GetName() != "signpost" {
				t.Errorf("%s is in namespace %q", o.GetName(), o.GetNamespace())
			}
		}
		// What a pod mounts is there, under the name that kustomize gave it.
		for name, pod := range templates(list) {
			for _, v := range pod.Spec.Volumes {
				if v.ConfigMap != nil {
					of[*corev1.ConfigMap](t, list, v.ConfigMap.Name)
				}
				if v.PersistentVolumeClaim != nil {
					of[*corev1.PersistentVolumeClaim](t, list, v.PersistentVolumeClaim.ClaimName)
				}
			}
			for _, c := range pod.Spec.Containers {
				if strings.HasSuffix(c.Image, ":latest") || !strings.Contains(c.Image, ":") {
					t.Errorf("%s: image %s", name, c.Image)
				}
				for _, word := range c.Command {
					script, ok := strings.CutPrefix(word, "/scripts/")
					if !ok {
						continue
					}
					for _, v := range pod.Spec.Volumes {
						if v.Name == "scripts" && of[*corev1.ConfigMap](t, list, v.ConfigMap.Name).Data[script] == "" {
							t.Errorf("%s runs %s, which is not there", name, word)
						}
					}
				}
			}
		}
	})
}

// judge looks whether manifests are what docs/install.md says of them.
func judge(t *testing.T, list []any) {
	pods := templates(list)
	if len(pods) < 3 {
		t.Fatalf("%d kinds of pods", len(pods))
	}
	for name, pod := range pods {
		s := pod.Spec
		// The standard "restricted", which the namespace enforces.
		// Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/
		if c := s.SecurityContext; c == nil || !*c.RunAsNonRoot || *c.RunAsUser == 0 || c.SeccompProfile.Type != corev1.SeccompProfileTypeRuntimeDefault {
			t.Errorf("%s: pod %+v", name, c)
		}
		if *s.AutomountServiceAccountToken || s.HostNetwork || s.HostPID {
			t.Errorf("%s: reaches beyond itself", name)
		}
		if s.EnableServiceLinks == nil || *s.EnableServiceLinks {
			t.Errorf("%s: Kubernetes sets variables of its own", name)
		}
		for _, c := range s.Containers {
			if x := c.SecurityContext; *x.AllowPrivilegeEscalation || !*x.ReadOnlyRootFilesystem || !slices.Equal(x.Capabilities.Drop, []corev1.Capability{"ALL"}) {
				t.Errorf("%s: container %+v", name, x)
			}
			if c.Resources.Limits.Memory().IsZero() || c.Resources.Requests.Memory().IsZero() || c.Resources.Requests.Cpu().IsZero() {
				t.Errorf("%s: resources %v", name, c.Resources)
			}
			var mounts, volumes []string
			for _, m := range c.VolumeMounts {
				mounts = append(mounts, m.Name)
			}
			for _, v := range s.Volumes {
				volumes = append(volumes, v.Name)
			}
			if name == "redis" {
				volumes = append(volumes, "data") // claimed
			}
			slices.Sort(mounts)
			slices.Sort(volumes)
			if !slices.Equal(mounts, volumes) {
				t.Errorf("%s mounts %q of %q", name, mounts, volumes)
			}
			for _, p := range []*corev1.Probe{c.StartupProbe, c.ReadinessProbe, c.LivenessProbe} {
				if p == nil {
					continue
				}
				port := ""
				if p.HTTPGet != nil {
					port = p.HTTPGet.Port.StrVal
				} else if p.TCPSocket != nil {
					port = p.TCPSocket.Port.StrVal
				}
				if port != "" && !slices.ContainsFunc(c.Ports, func(of corev1.ContainerPort) bool { return of.Name == port }) {
					t.Errorf("%s: a probe asks port %s", name, port)
				}
			}
		}
	}

	d := of[*appsv1.Deployment](t, list, "signpost")
	main := d.Spec.Template.Spec.Containers[0]
	if *d.Spec.Replicas < 2 || d.Spec.Strategy.RollingUpdate.MaxUnavailable.IntVal != 0 || len(d.Spec.Template.Spec.TopologySpreadConstraints) == 0 {
		t.Errorf("deployment: %+v", d.Spec)
	}
	if grace := time.Duration(*d.Spec.Template.Spec.TerminationGracePeriodSeconds) * time.Second; grace < goodbye {
		t.Errorf("it is killed after %v, and needs %v", grace, goodbye)
	}
	if main.StartupProbe.HTTPGet.Path != "/healthz" || main.LivenessProbe.HTTPGet.Path != "/healthz" || main.ReadinessProbe.HTTPGet.Path != "/readyz" {
		t.Error("the wrong probe restarts pods while Redis is away")
	}
	if wait := main.StartupProbe.PeriodSeconds * main.StartupProbe.FailureThreshold; wait < 120 {
		t.Errorf("it may take %d s to start", wait)
	}

	// What selects pods selects those that it is meant for.
	selects := func(what string, selector *metav1.LabelSelector, pod string) {
		t.Helper()
		s, err := metav1.LabelSelectorAsSelector(selector)
		if err != nil {
			t.Fatal(err)
		}
		for name, template := range pods {
			if s.Matches(labels.Set(template.Labels)) != (name == pod) {
				t.Errorf("%s and the pods of %s", what, name)
			}
		}
	}
	selects("deployment", d.Spec.Selector, "signpost")
	selects("stateful set", of[*appsv1.StatefulSet](t, list, "redis").Spec.Selector, "redis")
	selects("budget", of[*policyv1.PodDisruptionBudget](t, list, "signpost").Spec.Selector, "signpost")
	for _, name := range []string{"signpost", "redis"} {
		service := of[*corev1.Service](t, list, name)
		selects("service", &metav1.LabelSelector{MatchLabels: service.Spec.Selector}, name)
		if port := service.Spec.Ports[0].TargetPort.StrVal; pods[name].Spec.Containers[0].Ports[0].Name != port {
			t.Errorf("service %s leads to %s", name, port)
		}
		selects("policy", &of[*networkingv1.NetworkPolicy](t, list, name).Spec.PodSelector, name)
	}
	ns := of[*corev1.Namespace](t, list, "signpost")
	if ns.Labels["pod-security.kubernetes.io/enforce"] != "restricted" {
		t.Errorf("namespace: %v", ns.Labels)
	}
}

// TestSecrets: the settings name files that the secret can hold, and no manifest
// that is applied holds a secret.
func TestSecrets(t *testing.T) {
	data, err := os.ReadFile("../kubernetes/settings.yaml")
	if err != nil {
		t.Fatal(err)
	}
	example, err := os.ReadFile("../kubernetes/secret.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	secret := of[*corev1.Secret](t, decode(t, "secret.example.yaml", example), "signpost")
	named := regexp.MustCompile(`/run/secrets/signpost/(\w+)`).FindAllSubmatch(data, -1)
	if len(named) != 5 {
		t.Errorf("the settings name %d files", len(named))
	}
	for _, n := range named {
		if secret.StringData[string(n[1])] == "" {
			t.Errorf("the settings name %s, which is in no secret", n[1])
		}
	}
	list, err := os.ReadFile("../kustomization.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(list, []byte("secret")) {
		t.Error("the example of a secret is applied")
	}
	pod := templates(manifests(t, false))["signpost"]
	for _, m := range pod.Spec.Containers[0].VolumeMounts {
		if m.Name == "secrets" && m.MountPath == "/run/secrets/signpost" {
			return
		}
	}
	t.Error("the secret is not where the settings look for it")
}
