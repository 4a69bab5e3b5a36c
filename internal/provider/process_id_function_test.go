package provider_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

func TestAccProcessIDFunction(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	output := func(text string) string {
		return fmt.Sprintf("output \"id\" {\n  value = provider::alphamoon::process_id(%q)\n}\n", text)
	}
	is := []statecheck.StateCheck{statecheck.ExpectKnownOutputValue("id", knownvalue.StringExact(processID))}
	resource.UnitTest(t, resource.TestCase{
		TerraformVersionChecks:   needs("1.8.0", "1.7.0"),
		ProtoV6ProviderFactories: f.factories(),
		Steps: []resource.TestStep{
			{Config: output("https://workspace.alphamoon.ai/queue/" + processID), ConfigStateChecks: is},
			// Terraform adds a full stop.
			{Config: output(""), ExpectError: regexp.MustCompile(says("do not name the process.").String() + `([\s│]|$)`)},
		},
	})
}

// processIDOf calls the function.
func (f *fixture) processIDOf(text string) (id, message string) {
	p := f.connect(nil)
	argument := p.encode(tftypes.String, tftypes.NewValue(tftypes.String, text))
	response, err := p.CallFunction(f.t.Context(), &tfprotov6.CallFunctionRequest{
		Name: "process_id", Arguments: []*tfprotov6.DynamicValue{argument},
	})
	p.must(err)
	if response.Error != nil {
		return "", response.Error.Text
	}
	result, err := response.Result.Unmarshal(tftypes.String)
	p.must(err)
	p.must(result.As(&id))
	return id, ""
}

func TestProcessIDFunction(t *testing.T) {
	t.Parallel()
	const queue = "https://workspace.alphamoon.ai/queue/"
	f := newFixture(t, sandbox.Options{})
	for _, text := range []string{processID, queue + processID, queue + processID + "/?page=2"} {
		if id, message := f.processIDOf(text); id != processID || message != "" {
			t.Errorf("%q: got %q, %q", text, id, message)
		}
	}
	const neither = "nor the web address of a process's queue"
	for text, message := range map[string]string{
		"": neither, "invoices": neither, "https://workspace.alphamoon.ai/collections/" + processID: neither, queue + "x": neither,
		strings.ToUpper(processID): "has no upper-case letters", queue + strings.ToUpper(processID): "has no upper-case letters",
	} {
		// Terraform adds a full stop.
		if id, got := f.processIDOf(text); id != "" || !strings.Contains(got, message) || strings.HasSuffix(got, ".") ||
			message == neither && !strings.HasSuffix(got, "do not name the process") {
			t.Errorf("%q: got %q, %q", text, id, got)
		}
	}
}
