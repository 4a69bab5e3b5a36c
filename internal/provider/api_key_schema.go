package provider

import (
	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/validators"
)

// What several schemas say of the same arguments.
const (
	processIDDescription = "The process that the key gives access to: 32 lower-case hexadecimal characters, " +
		"the last part of the web address of the process's queue."
	nameDescription   = "The name of the key, as the web application shows it. Names need not be unique."
	scopesDescription = "What the key permits: at least one scope, like `workspace.result:read`."
	keyDescription    = "The key itself, in the form `user:pass`."
)

// scopesValidators check the form of the scopes, and that they are documented where a catalogue is.
func (k apiKeyKind) scopesValidators() []validator.Set {
	rules := []validator.Set{
		validators.FilledSet("Name at least one scope, like workspace.result:read."),
		setvalidator.ValueStringsAre(validators.Scope()),
	}
	if k.ofProcess {
		rules = append(rules, validators.DocumentedScopes("allow_undocumented_scopes"))
	}
	return rules
}

// resourceSchema describes the resource. What a change means is decided in the plan, see [keyChange].
func (k apiKeyKind) resourceSchema() schema.Schema {
	attributes := map[string]schema.Attribute{
		"name": schema.StringAttribute{
			MarkdownDescription: nameDescription + " A change creates a new key.",
			Required:            true,
			Validators:          []validator.String{validators.NotBlank()},
		},
		"scopes": schema.SetAttribute{
			MarkdownDescription: scopesDescription + " A change creates a new key.",
			Required:            true,
			ElementType:         texts,
			Validators:          k.scopesValidators(),
		},
		"expires_at": schema.StringAttribute{
			MarkdownDescription: "When the key expires: an RFC 3339 date and time like `2027-01-31T12:00:00Z`. The service keeps " +
				"whole seconds. Set exactly one of `expires_at` and `expires_in`. Changing the time creates a new key; writing " +
				"the same time differently does not. Nothing renews a key with a fixed date.",
			Optional:   true,
			Computed:   true,
			Validators: []validator.String{validators.Instant(), validators.ExactlyOneOf("expires_at", "expires_in")},
		},
		"expires_in": schema.StringAttribute{
			MarkdownDescription: "How long each key lives from its creation, like `90d`, `1w` or `36h`. A day has 24 hours, and " +
				"`m` means minutes. A change is made in place: the key in use keeps its expiry, is replaced when a key of the " +
				"new lifetime would be, and the next key gets the new lifetime. It creates a new key only if that time has come.",
			Optional:   true,
			Validators: []validator.String{validators.Duration("90d")},
		},
		"rotate_before_expiry": schema.StringAttribute{
			MarkdownDescription: "How long before its expiry the key is due: the next apply replaces it. The old and the new key " +
				"overlap that long. It needs `expires_in` and must be shorter. Default: a third of `expires_in`. `0s` means no " +
				"overlap. A change is made in place and creates a new key only if it makes the key due.",
			Optional:   true,
			Validators: []validator.String{validators.Window(), validators.ShorterThan("expires_in"), validators.Needs("expires_in")},
		},
		"rotation_triggers": schema.MapAttribute{
			MarkdownDescription: "Any values. Changing them creates a new key, and so does setting them for the first time. Removing " +
				"them does not, nor does setting them for an imported key that has not been replaced yet. An empty map means none.",
			Optional:    true,
			ElementType: texts,
			Validators:  []validator.Map{validators.NoNullValues()},
		},
		"revoke_on_destroy": schema.BoolAttribute{
			MarkdownDescription: k.revokeDescription,
			Optional:            true,
			Computed:            true,
			Default:             booldefault.StaticBool(k.revokes),
		},
		"encrypt_to": schema.ListAttribute{
			MarkdownDescription: "Public keys of age (`age1…`, plugins included) or SSH (`ssh-ed25519 …`, `ssh-rsa …`). The state " +
				"then holds the secret only in `encrypted_key`, encrypted to these recipients, and `key` is null. Changing the " +
				"recipients creates a new key; their order, blanks around them and comments make no difference. For an imported " +
				"key, whose secret is not known, a change is made in place and counts from the next key on.",
			Optional:    true,
			ElementType: texts,
			Validators: []validator.List{
				validators.FilledList("Name at least one public key, or remove the argument."),
				validators.DistinctList(), listvalidator.ValueStringsAre(validators.Recipient()),
			},
		},
		"id":              schema.StringAttribute{MarkdownDescription: "The id of the key.", Computed: true},
		"organization_id": schema.StringAttribute{MarkdownDescription: "The organization or user that the key belongs to.", Computed: true},
		"status": schema.StringAttribute{
			MarkdownDescription: "The status that the service gives, usually `Active`. `Expired` also stands for a key that is no longer " +
				"listed after its expiry. A key whose status is `Disabled`, `Inactive`, `Revoked`, `Deleted` or `Expired` before its " +
				"expiry is replaced, unless it was imported. With any other status the key stays, and the plan warns.",
			Computed: true,
		},
		"created_at": schema.StringAttribute{
			MarkdownDescription: "When the key was created, as an RFC 3339 date and time.", Computed: true,
		},
		"rotates_at": schema.StringAttribute{
			MarkdownDescription: "When the key is due, as an RFC 3339 date and time: an apply at or after it replaces the key. " +
				"It is `rotate_before_expiry` before the key expires, or before `created_at` plus `expires_in` if the key lives " +
				"longer than that. Null with a fixed `expires_at`.",
			Computed: true,
		},
		"key_version": schema.Int64Attribute{
			MarkdownDescription: "A number that grows with every new key: when it was created, in seconds since 1970. Pass it to " +
				"the `…_wo_version` argument of a secret store, which writes a new secret only when that number changes.",
			Computed: true,
		},
		"key": schema.StringAttribute{
			MarkdownDescription: keyDescription + " The service shows it only once, when it creates the key: it is null after an " +
				"import, and with `encrypt_to`.",
			Computed:  true,
			Sensitive: true,
		},
		"encrypted_key": schema.StringAttribute{
			MarkdownDescription: "The key, encrypted to `encrypt_to`: an armored age file, which `age -d -i identity.txt` " +
				"decrypts. Null without `encrypt_to`, and after an import.",
			Computed: true,
		},
	}
	if k.ofProcess {
		attributes["process_id"] = schema.StringAttribute{
			MarkdownDescription: processIDDescription + " A change creates a new key.",
			Required:            true,
			Validators:          []validator.String{validators.ProcessID()},
		}
		attributes["allow_undocumented_scopes"] = schema.BoolAttribute{
			MarkdownDescription: "Whether `scopes` may name scopes that the service does not document. They still need the form " +
				"of a scope. Default: `false`.",
			Optional: true,
			Computed: true,
			Default:  booldefault.StaticBool(false),
		}
	}
	return schema.Schema{MarkdownDescription: k.description, Attributes: attributes}
}
