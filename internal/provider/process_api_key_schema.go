package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/listplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/setplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/validators"
)

func (r *processAPIKeyResource) Schema(_ context.Context, _ resource.SchemaRequest, response *resource.SchemaResponse) {
	response.Schema = schema.Schema{
		MarkdownDescription: "An API key of one Alphamoon process. The API can create and list such keys but not change them, " +
			"so that most changes create a new key.",
		Attributes: map[string]schema.Attribute{
			"process_id": schema.StringAttribute{
				MarkdownDescription: "The process that the key gives access to: 32 lower-case hexadecimal characters, " +
					"the last part of the web address of the process's queue. A change creates a new key.",
				Required:      true,
				Validators:    []validator.String{validators.ProcessID()},
				PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()},
			},
			"name": schema.StringAttribute{
				MarkdownDescription: "The name of the key, as the web application shows it. Names need not be unique. A change creates a new key.",
				Required:            true,
				Validators:          []validator.String{validators.NotBlank()},
				PlanModifiers:       []planmodifier.String{stringplanmodifier.RequiresReplace()},
			},
			"scopes": schema.SetAttribute{
				MarkdownDescription: "What the key permits, at least one scope such as `workspace.result:read`. A change creates a new key.",
				Required:            true,
				ElementType:         types.StringType,
				Validators: []validator.Set{
					setvalidator.SizeAtLeast(1),
					setvalidator.NoNullValues(),
					setvalidator.ValueStringsAre(validators.Scope()),
					validators.DocumentedScopes("allow_undocumented_scopes"),
				},
				PlanModifiers: []planmodifier.Set{setplanmodifier.RequiresReplace()},
			},
			"expires_at": schema.StringAttribute{
				MarkdownDescription: "When the key expires, an RFC 3339 date and time such as `2027-01-31T12:00:00Z`, in whole seconds: the service drops " +
					"fractions. Exactly one of `expires_at` and `expires_in` must be set. Another instant creates a new key; another " +
					"spelling of the same instant does nothing. A key with a fixed date is not rotated by itself.",
				Optional: true,
				Computed: true,
				Validators: []validator.String{
					validators.Instant(),
					stringvalidator.ExactlyOneOf(path.MatchRoot("expires_at"), path.MatchRoot("expires_in")),
				},
			},
			"expires_in": schema.StringAttribute{
				MarkdownDescription: "How long each key lives, counted from its creation, such as `90d`, `1w` or `36h`; a day has 24 hours. Another duration " +
					"creates a new key; set for the first time, after an import, it changes nothing but the state.",
				Optional:   true,
				Validators: []validator.String{validators.Duration()},
			},
			"rotate_before_expiry": schema.StringAttribute{
				MarkdownDescription: "How long before its expiry the key is replaced by the next apply, such as `30d`; shorter than `expires_in`, " +
					"which it needs. Without it the key is replaced once it has expired. A change creates a new key only if that makes the key due.",
				Optional: true,
				Validators: []validator.String{
					validators.Duration(),
					validators.ShorterThan("expires_in"),
					stringvalidator.AlsoRequires(path.MatchRoot("expires_in")),
				},
			},
			"rotation_triggers": schema.MapAttribute{
				MarkdownDescription: "Any values whose change creates a new key. Set for the first time, it changes nothing but the state.",
				Optional:            true,
				ElementType:         types.StringType,
				Validators:          []validator.Map{mapvalidator.NoNullValues()},
			},
			"revoke_on_destroy": schema.BoolAttribute{
				MarkdownDescription: "Whether a key that is destroyed or replaced is also revoked at the service. The API documents this for " +
					"organization keys only; the provider tries it, looks whether it worked, and keeps the key in the state with an error if not. " +
					"Default: `false`, the key stays valid until it expires.",
				Optional: true,
				Computed: true,
				Default:  booldefault.StaticBool(false),
			},
			"allow_undocumented_scopes": schema.BoolAttribute{
				MarkdownDescription: "Whether `scopes` may name scopes that the service does not document. Their form is checked all the same. Default: `false`.",
				Optional:            true,
				Computed:            true,
				Default:             booldefault.StaticBool(false),
			},
			"encrypt_to": schema.ListAttribute{
				MarkdownDescription: "Public keys of age (`age1…`) or SSH (`ssh-ed25519 …`, `ssh-rsa …`). With it the state holds the secret only encrypted to them, " +
					"in `encrypted_key`, and `key` is null. Any change creates a new key.",
				Optional:    true,
				ElementType: types.StringType,
				Validators: []validator.List{
					listvalidator.SizeAtLeast(1), listvalidator.NoNullValues(), listvalidator.UniqueValues(), listvalidator.ValueStringsAre(validators.Recipient()),
				},
				PlanModifiers: []planmodifier.List{listplanmodifier.RequiresReplace()},
			},
			"id": schema.StringAttribute{
				MarkdownDescription: "The id of the key.",
				Computed:            true,
				PlanModifiers:       []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
			},
			"organization_id": schema.StringAttribute{
				MarkdownDescription: "The organization or user that the key belongs to.",
				Computed:            true,
				PlanModifiers:       []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
			},
			"status": schema.StringAttribute{
				MarkdownDescription: "`Active`, or what the service says instead; `Expired` for a key that is no longer listed after its expiry. " +
					"A key that is not active before its expiry is replaced.",
				Computed:      true,
				PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
			},
			"created_at": schema.StringAttribute{
				MarkdownDescription: "When the key was created, as an RFC 3339 date and time.",
				Computed:            true,
				PlanModifiers:       []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
			},
			"rotates_at": schema.StringAttribute{
				MarkdownDescription: "From when on an apply replaces the key, as an RFC 3339 date and time; null with a fixed `expires_at`.",
				Computed:            true,
			},
			"key": schema.StringAttribute{
				MarkdownDescription: "The key itself, in the form `user:pass`. The service shows it once, when it creates the key, so that it is null after an import. " +
					"It is null with `encrypt_to`, too.",
				Computed:      true,
				Sensitive:     true,
				PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
			},
			"encrypted_key": schema.StringAttribute{
				MarkdownDescription: "The key, encrypted to `encrypt_to`: an armored age file, which `age -d -i identity.txt` decrypts. Null without `encrypt_to`.",
				Computed:            true,
				PlanModifiers:       []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
			},
		},
	}
}
