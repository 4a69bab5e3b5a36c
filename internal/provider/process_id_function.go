package provider

import (
	"context"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/function"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
)

type processIDFunction struct{}

func (processIDFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "process_id"
}

func (processIDFunction) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "The process id in a web address",
		MarkdownDescription: "Finds the id of a process in the web address of its queue, like " +
			"`https://workspace.alphamoon.ai/queue/2080d36bf94c4147b2e543104342fc2f`. An id is returned as it is; " +
			"anything else is an error.",
		Parameters: []function.Parameter{function.StringParameter{
			Name: "text", MarkdownDescription: "The web address of a process's queue, or the id of a process.",
		}},
		Return: function.StringReturn{},
	}
}

func (processIDFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var text string
	if resp.Error = req.Arguments.Get(ctx, &text); resp.Error != nil {
		return
	}
	id, ofQueue := alphamoon.ProcessIDFromQueueURL(text)
	if !ofQueue {
		id = text
	}
	if !alphamoon.IsProcessID(id) {
		// Terraform adds the full stop.
		problem := "This is neither the id of a process, 32 lower-case hexadecimal characters, nor the web address of a process's " +
			"queue, like https://workspace.alphamoon.ai/queue/2080d36bf94c4147b2e543104342fc2f. Other pages do not name the process"
		if _, ofQueue := alphamoon.ProcessIDFromQueueURL(strings.ToLower(text)); ofQueue || alphamoon.IsProcessID(strings.ToLower(text)) {
			problem = "The id of a process has no upper-case letters. Write it as the web application shows it, in lower case"
		}
		resp.Error = function.NewArgumentFuncError(0, problem)
		return
	}
	resp.Error = resp.Result.Set(ctx, id)
}
