package provider

import (
	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/validators"
)

// What several schemas say of the same arguments.
const (
	processIDDescription  = "The id of the process: 32 lower-case hexadecimal characters, as in the web address of its queue."
	nameDescription       = "The name of the key, as the web application shows it. Set exactly one of `name` and `name_prefix`."
	namePrefixDescription = "How the name of every key begins: the time of its creation and a random part follow, like " +
		"`20261130T073904Z-7f3a9c`."
	scopesDescription = "What the key permits: at least one scope, like `workspace.result:read`."
	keyDescription    = "The key itself, in the form `user:pass`."
)

// scopesValidators check the scopes, which a catalogue lists only for keys of processes.
func (k apiKeyKind) scopesValidators() []validator.Set {
	escape := ""
	if k.ofProcess {
		escape = "allow_undocumented_scopes"
	}
	return []validator.Set{
		validators.FilledSet("Name at least one scope, like workspace.result:read."), validators.Scopes(escape),
	}
}

// resourceSchema describes the resource. What a change means is decided in the plan, see [keyChange].
func (k apiKeyKind) resourceSchema() schema.Schema {
	attributes := map[string]schema.Attribute{
		"name": schema.StringAttribute{
			MarkdownDescription: nameDescription,
			Optional:            true,
			Computed:            true,
			Validators:          []validator.String{validators.Name(), validators.ExactlyOneOf("name", "name_prefix")},
		},
		"name_prefix": schema.StringAttribute{
			MarkdownDescription: namePrefixDescription,
			Optional:            true,
			Validators:          []validator.String{validators.Name()},
		},
		"scopes": schema.SetAttribute{
			MarkdownDescription: scopesDescription,
			Required:            true,
			ElementType:         texts,
			Validators:          k.scopesValidators(),
		},
		"expires_at": schema.StringAttribute{
			MarkdownDescription: "When the key expires, in RFC 3339, like `2027-01-31T12:00:00Z`. Nothing renews such a key. " +
				"Set exactly one of `expires_at` and `expires_in`.",
			Optional:   true,
			Computed:   true,
			Validators: []validator.String{validators.Instant(), validators.ExactlyOneOf("expires_at", "expires_in")},
		},
		"expires_in": schema.StringAttribute{
			MarkdownDescription: "How long each key works, counted from its creation, like `90d`, `1w` or `36h`. `m` means " +
				"minutes.",
			Optional:   true,
			Validators: []validator.String{validators.Duration("90d")},
		},
		"rotate_before_expiry": schema.StringAttribute{
			MarkdownDescription: "How long before its expiry an apply replaces the key. Needs `expires_in`. Default: a third of " +
				"it. `0s` means no overlap.",
			Optional:   true,
			Validators: []validator.String{validators.Window(), validators.ShorterThan("expires_in"), validators.Needs("expires_in")},
		},
		"rotation_triggers": schema.MapAttribute{
			MarkdownDescription: "Any values. A change of them replaces the key.",
			Optional:            true,
			ElementType:         texts,
			Validators:          []validator.Map{validators.NoNullValues()},
		},
		"revoke_on_destroy": schema.BoolAttribute{
			MarkdownDescription: k.revokeDescription,
			Optional:            true,
			Computed:            true,
			Default:             booldefault.StaticBool(k.revokes),
		},
		"encrypt_to": schema.ListAttribute{
			MarkdownDescription: "Public keys of age or SSH. The state then holds the secret only in `encrypted_key`, encrypted " +
				"to these keys.",
			Optional:    true,
			ElementType: texts,
			Validators: []validator.List{
				validators.FilledList("Name at least one public key. For none write null, or remove the argument."),
				validators.DistinctList(), listvalidator.ValueStringsAre(validators.Recipient()),
			},
		},
		"id":              schema.StringAttribute{MarkdownDescription: "The id of the key.", Computed: true},
		"organization_id": schema.StringAttribute{MarkdownDescription: "The organization or user that the key belongs to.", Computed: true},
		"status": schema.StringAttribute{
			MarkdownDescription: "`Active`, or what the service says instead. `Expired` also stands for a key that is no longer " +
				"listed after its expiry.",
			Computed: true,
		},
		"created_at": schema.StringAttribute{
			MarkdownDescription: "When the key was created, in RFC 3339.", Computed: true,
		},
		"rotates_at": schema.StringAttribute{
			MarkdownDescription: "From when on an apply replaces the key, in RFC 3339. Null with a fixed `expires_at`.",
			Computed:            true,
		},
		"key_version": schema.Int64Attribute{
			MarkdownDescription: "A number that changes with every key. Pass it to a secret store as the version of its secret.",
			Computed:            true,
		},
		"key": schema.StringAttribute{
			MarkdownDescription: keyDescription + " Null after an import and with `encrypt_to`.",
			Computed:            true,
			Sensitive:           true,
		},
		"encrypted_key": schema.StringAttribute{
			MarkdownDescription: "The key as an armored age file, which `age -d` decrypts. Null without `encrypt_to` and after " +
				"an import.",
			Computed: true,
		},
	}
	attributes["key_wo"] = schema.StringAttribute{
		MarkdownDescription: "The secret of an imported key, write-only (Terraform 1.11, OpenTofu 1.11). The provider tries it and " +
			"puts it into `key` or `encrypted_key`. A key with a secret ignores it.",
		Optional:   true,
		WriteOnly:  true,
		Validators: []validator.String{validators.Credential()},
	}
	if k.ofProcess {
		attributes["process_id"] = schema.StringAttribute{
			MarkdownDescription: processIDDescription,
			Required:            true,
			Validators:          []validator.String{validators.ProcessID()},
		}
		// U: undocumented scope of a process's key
		attributes["allow_undocumented_scopes"] = schema.BoolAttribute{
			MarkdownDescription: "Whether `scopes` may name scopes that the service does not document. Default: `false`.",
			Optional:            true,
			Computed:            true,
			Default:             booldefault.StaticBool(false),
		}
	}
	return schema.Schema{MarkdownDescription: k.description, Attributes: attributes}
}
