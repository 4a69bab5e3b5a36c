package endtoend_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	datasourceschema "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	ephemeralschema "github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// The guide's recipes run with providers that have the names of the real ones and imitate what matters here: what a
// failed write leaves in the state, what a plan demands, what a refresh reads. The program of these tests is those
// providers: Terraform starts it under their names.

// storesVariable names the folder that plays all the stores.
const storesVariable = "ALPHAMOON_TEST_STORES"

// storeProviders are the names, with what belongs to each.
var storeProviders = map[string]storeProvider{
	"vault": {
		resources: []storeResource{{
			typeName: "vault_kv_secret_v2", secret: "data_json_wo", version: "data_json_wo_version", saves: true, secretOnly: true,
			attributes: map[string]schema.Attribute{
				"mount": replacedText(), "name": replacedText(), "path": computedText(),
				"delete_all_versions": schema.BoolAttribute{Optional: true},
			},
			blocks: map[string]schema.Block{"custom_metadata": schema.ListNestedBlock{
				NestedObject: schema.NestedBlockObject{Attributes: map[string]schema.Attribute{"data": optionalMap()}},
			}},
		}},
		ephemerals: []func() ephemeral.EphemeralResource{func() ephemeral.EphemeralResource { return vaultSecret{} }},
	},
	"aws": {
		resources: []storeResource{
			{typeName: "aws_secretsmanager_secret", attributes: map[string]schema.Attribute{
				"name": replacedText(), "tags": optionalMap(),
			}},
			{
				typeName: "aws_secretsmanager_secret_version", secret: "secret_string_wo", version: "secret_string_wo_version",
				replaced: true, demands: true, keeps: true,
				attributes: map[string]schema.Attribute{"secret_id": replacedText()},
			},
			{
				typeName: "aws_ssm_parameter", secret: "value_wo", version: "value_wo_version", saves: true, demands: true, secretOnly: true,
				attributes: map[string]schema.Attribute{
					"name": replacedText(), "type": schema.StringAttribute{Required: true}, "description": schema.StringAttribute{Optional: true},
					"insecure_value": schema.StringAttribute{Optional: true}, "arn": computedText(),
				},
			},
		},
		ephemerals: []func() ephemeral.EphemeralResource{func() ephemeral.EphemeralResource { return ssmParameter{} }},
	},
	"google": {
		resources: []storeResource{
			{
				typeName:   "google_secret_manager_secret",
				attributes: map[string]schema.Attribute{"secret_id": replacedText(), "annotations": optionalMap()},
				blocks: map[string]schema.Block{"replication": schema.ListNestedBlock{
					NestedObject: schema.NestedBlockObject{Blocks: map[string]schema.Block{"auto": schema.ListNestedBlock{}}},
				}},
			},
			{
				typeName: "google_secret_manager_secret_version", secret: "secret_data_wo", version: "secret_data_wo_version",
				replaced: true, demands: true, versioned: true,
				attributes: map[string]schema.Attribute{"secret": replacedText()},
			},
		},
	},
	"azurerm": {
		resources: []storeResource{{
			typeName: "azurerm_key_vault_secret", secret: "value_wo", version: "value_wo_version", saves: true, demands: true,
			attributes: map[string]schema.Attribute{
				"name": replacedText(), "key_vault_id": replacedText(), "versionless_id": computedText(),
				"expiration_date": schema.StringAttribute{Optional: true}, "not_before_date": schema.StringAttribute{Optional: true},
			},
		}},
		ephemerals: []func() ephemeral.EphemeralResource{func() ephemeral.EphemeralResource { return keyVaultSecret{} }},
	},
	"kubernetes": {
		resources: []storeResource{
			{
				typeName: "kubernetes_secret_v1", secret: "data_wo", version: "data_wo_revision", saves: true,
				blocks: map[string]schema.Block{"metadata": kubernetesMetadata()},
			},
			{
				typeName:   "kubernetes_config_map_v1",
				attributes: map[string]schema.Attribute{"data": optionalMap()},
				blocks:     map[string]schema.Block{"metadata": kubernetesMetadata()},
			},
		},
		dataSources: []func() datasource.DataSource{func() datasource.DataSource { return configMap{} }},
	},
}

func replacedText() schema.Attribute {
	return schema.StringAttribute{Required: true, PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()}}
}

func computedText() schema.Attribute {
	return schema.StringAttribute{Computed: true, PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()}}
}

func optionalMap() schema.Attribute {
	return schema.MapAttribute{ElementType: types.StringType, Optional: true}
}

func kubernetesMetadata() schema.Block {
	return schema.ListNestedBlock{NestedObject: schema.NestedBlockObject{Attributes: map[string]schema.Attribute{
		"name": schema.StringAttribute{Required: true}, "annotations": optionalMap(),
	}}}
}

// storeName returns which of the providers this program was started as; nothing if it is the tests.
func storeName(program string) string {
	_, name, _ := strings.Cut(filepath.Base(program), "terraform-provider-")
	name, _, _ = strings.Cut(name, "_")
	return name
}

// serveStore is the whole program of a provider.
func serveStore(name string) error {
	server := storeProviders[name]
	server.name = name
	return providerserver.Serve(context.Background(), func() provider.Provider { return server },
		providerserver.ServeOpts{Address: "registry.terraform.io/hashicorp/" + name, ProtocolVersion: 6})
}

// mirrorStores puts this program beside the provider, under the name of each store's. It is built anew: with the race
// detector, every start of a store would take twice as long.
func mirrorStores(ctx context.Context, dir string) error {
	program := filepath.Join(dir, "stores")
	build := exec.CommandContext(ctx, "go", "test", "-c", "-ldflags", "-s -w", "-o", program, ".")
	if output, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("building the stores: %w\n%s", err, output)
	}
	suffix := ""
	if runtime.GOOS == "windows" {
		suffix = ".exe"
	}
	for name := range storeProviders {
		for _, host := range []string{"registry.terraform.io", "registry.opentofu.org"} {
			folder := filepath.Join(dir, host, "hashicorp", name, "99.0.0", runtime.GOOS+"_"+runtime.GOARCH)
			if err := os.MkdirAll(folder, 0o750); err != nil {
				return err
			}
			if err := os.Link(program, filepath.Join(folder, "terraform-provider-"+name+"_v99.0.0"+suffix)); err != nil {
				return err
			}
		}
	}
	return nil
}

type storeProvider struct {
	name        string
	resources   []storeResource
	ephemerals  []func() ephemeral.EphemeralResource
	dataSources []func() datasource.DataSource
}

func (p storeProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = p.name
}

func (storeProvider) Schema(context.Context, provider.SchemaRequest, *provider.SchemaResponse) {}

func (storeProvider) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {
}

func (p storeProvider) DataSources(context.Context) []func() datasource.DataSource {
	return p.dataSources
}

func (p storeProvider) EphemeralResources(context.Context) []func() ephemeral.EphemeralResource {
	return p.ephemerals
}

func (p storeProvider) Resources(context.Context) []func() resource.Resource {
	var all []func() resource.Resource
	for _, one := range p.resources {
		all = append(all, func() resource.Resource { return one })
	}
	return all
}

// storeResource is what the guide needs of a resource.
type storeResource struct {
	typeName        string
	attributes      map[string]schema.Attribute
	blocks          map[string]schema.Block
	secret, version string
	saves           bool // as the older SDK does: an update that failed leaves the planned values in the state
	replaced        bool // another version is another object
	versioned       bool // and the store keeps both
	demands         bool // a plan without the secret is refused
	secretOnly      bool // an update without another version fails, because it would write nothing
	keeps           bool // a destruction leaves the value
}

func (r storeResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = r.typeName
}

func (r storeResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	attributes := map[string]schema.Attribute{"id": computedText()}
	for name, attribute := range r.attributes {
		attributes[name] = attribute
	}
	if r.secret == "data_wo" {
		attributes[r.secret] = schema.MapAttribute{ElementType: types.StringType, Optional: true, WriteOnly: true}
	} else if r.secret != "" {
		attributes[r.secret] = schema.StringAttribute{Optional: true, WriteOnly: true}
	}
	if r.secret != "" {
		version := schema.Int64Attribute{Optional: true}
		if r.replaced {
			version.PlanModifiers = []planmodifier.Int64{int64planmodifier.RequiresReplace()}
		}
		attributes[r.version] = version
	}
	resp.Schema = schema.Schema{Attributes: attributes, Blocks: r.blocks}
}

// ModifyPlan refuses a plan as AWS, Google and Azure do. A marker beside the secret has an ordinary value.
func (r storeResource) ModifyPlan(_ context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if !r.demands || req.Plan.Raw.IsNull() {
		return
	}
	config := values(req.Config.Raw)
	if ordinary, ok := config["insecure_value"]; config[r.secret].IsNull() && (!ok || ordinary.IsNull()) {
		resp.Diagnostics.AddError("Invalid combination of arguments", "one of value, "+r.secret+" must be specified")
	}
}

func (r storeResource) Create(_ context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	state := r.complete(req.Plan.Raw)
	if err := r.write(req.Config.Raw, state); err != nil {
		resp.Diagnostics.AddError("Store refused the write", err.Error())
		return
	}
	resp.State.Raw = state
}

func (r storeResource) Update(_ context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	plan, state := values(req.Plan.Raw), values(req.State.Raw)
	config := req.Config.Raw
	var err error
	if r.secret != "" && plan[r.version].Equal(state[r.version]) && !plan[r.version].IsNull() {
		config = tftypes.NewValue(config.Type(), nil) // the secret stays as it is
		if r.secretOnly {
			err = errors.New("nothing to write: the value is empty")
		}
	}
	if err == nil {
		err = r.write(config, req.Plan.Raw)
	}
	if err == nil || r.saves {
		resp.State.Raw = req.Plan.Raw
	}
	if err != nil {
		resp.Diagnostics.AddError("Store refused the write", err.Error())
	}
}

// Read finds what is in the store, but for the version, which is only in the state.
func (r storeResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	state := values(req.State.Raw)
	object, ok := readObject(r.typeName, r.place(req.State.Raw))
	if !ok {
		resp.State.RemoveResource(ctx)
		return
	}
	for name, value := range state {
		if text, ok := object.Public[name]; ok && value.Type().Is(tftypes.String) {
			state[name] = tftypes.NewValue(tftypes.String, text)
		}
	}
	if metadata, ok := object.Public["annotations"]; ok {
		state["metadata"] = annotated(state["metadata"], metadata)
	}
	resp.State.Raw = tftypes.NewValue(req.State.Raw.Type(), state)
}

func (r storeResource) Delete(_ context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	if r.keeps {
		return
	}
	if err := os.Remove(objectFile(r.typeName, r.place(req.State.Raw))); err != nil {
		resp.Diagnostics.AddError("Store refused the removal", err.Error())
	}
}

// complete fills in what the provider computes.
func (r storeResource) complete(plan tftypes.Value) tftypes.Value {
	object := values(plan)
	for name, value := range object {
		if !value.IsKnown() {
			object[name] = tftypes.NewValue(tftypes.String, "https://stores.example/"+r.place(plan))
		}
	}
	return tftypes.NewValue(plan.Type(), object)
}

// place is where the object is in the store.
func (r storeResource) place(raw tftypes.Value) string {
	object := values(raw)
	for _, name := range []string{"name", "secret_id", "secret"} {
		if value, ok := object[name]; ok {
			if r.versioned {
				return plain(value) + "/" + plain(object[r.version])
			}
			return plain(value)
		}
	}
	return plain(values(elements(object["metadata"])[0])["name"])
}

// storeObject is what a store holds.
type storeObject struct {
	Secret string
	Public map[string]string
}

// write puts an object into the store, unless the store refuses it. Without a configuration the secret stays.
func (r storeResource) write(config, planned tftypes.Value) error {
	place := r.place(planned)
	object, _ := readObject(r.typeName, place)
	object.Public = map[string]string{}
	for name, value := range values(planned) {
		if value.Type().Is(tftypes.String) && !value.IsNull() {
			object.Public[name] = plain(value)
		}
	}
	if list, ok := values(planned)["metadata"]; ok {
		raw, err := json.Marshal(texts(values(elements(list)[0])["annotations"]))
		if err != nil {
			return err
		}
		object.Public["annotations"] = string(raw)
	}
	if data, ok := values(planned)["data"]; ok {
		raw, err := json.Marshal(texts(data))
		if err != nil {
			return err
		}
		object.Public["data"] = string(raw)
	}
	if !config.IsNull() && r.secret != "" {
		secret := values(config)[r.secret]
		if !secret.IsNull() {
			if refused() {
				return errors.New("503 the store is not available")
			}
			if object.Secret = plain(secret); secret.Type().Is(tftypes.Map{}) {
				raw, err := json.Marshal(texts(secret))
				if err != nil {
					return err
				}
				object.Secret = string(raw)
			}
		}
	}
	raw, err := json.Marshal(object)
	if err != nil {
		return err
	}
	return os.WriteFile(objectFile(r.typeName, place), raw, 0o600)
}

// refused counts down the writes that the stores are to refuse.
func refused() bool {
	file := filepath.Join(os.Getenv(storesVariable), "refusals")
	raw, err := os.ReadFile(file)
	if err != nil {
		return false
	}
	left, _ := strconv.Atoi(string(raw))
	if left > 0 {
		_ = os.WriteFile(file, []byte(strconv.Itoa(left-1)), 0o600)
	}
	return left > 0
}

var unsafeInNames = regexp.MustCompile(`[^a-z0-9-]+`)

func objectFile(typeName, place string) string {
	place, _ = strings.CutPrefix(place, "https://stores.example/")
	return filepath.Join(os.Getenv(storesVariable), typeName+"."+unsafeInNames.ReplaceAllString(place, "_")+".json")
}

func readObject(typeName, place string) (object storeObject, ok bool) {
	raw, err := os.ReadFile(objectFile(typeName, place))
	return object, err == nil && json.Unmarshal(raw, &object) == nil
}

func values(raw tftypes.Value) map[string]tftypes.Value {
	var object map[string]tftypes.Value
	if err := raw.As(&object); err != nil {
		panic(err)
	}
	return object
}

func elements(raw tftypes.Value) []tftypes.Value {
	var list []tftypes.Value
	if err := raw.As(&list); err != nil {
		panic(err)
	}
	return list
}

// plain is a value as text; nothing if it is null or unknown.
func plain(raw tftypes.Value) string {
	if raw.IsNull() || !raw.IsKnown() || raw.Type().Is(tftypes.Map{}) {
		return ""
	}
	if raw.Type().Is(tftypes.String) {
		var text string
		_ = raw.As(&text)
		return text
	}
	return fmt.Sprint(raw)
}

func texts(raw tftypes.Value) map[string]string {
	found := map[string]string{}
	for name, value := range values(raw) {
		found[name] = plain(value)
	}
	return found
}

// annotated replaces the annotations of an object's metadata by those in the store.
func annotated(list tftypes.Value, annotations string) tftypes.Value {
	var stored map[string]string
	if err := json.Unmarshal([]byte(annotations), &stored); err != nil {
		panic(err)
	}
	object := values(elements(list)[0])
	if object["annotations"].IsNull() {
		return list
	}
	found := map[string]tftypes.Value{}
	for name, text := range stored {
		found[name] = tftypes.NewValue(tftypes.String, text)
	}
	object["annotations"] = tftypes.NewValue(object["annotations"].Type(), found)
	return tftypes.NewValue(list.Type(), []tftypes.Value{tftypes.NewValue(elements(list)[0].Type(), object)})
}

// vaultSecret reads a secret for a run.
type vaultSecret struct{}

func (vaultSecret) Metadata(_ context.Context, _ ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse) {
	resp.TypeName = "vault_kv_secret_v2"
}

func (vaultSecret) Schema(_ context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse) {
	resp.Schema = ephemeralschema.Schema{Attributes: map[string]ephemeralschema.Attribute{
		"mount": ephemeralschema.StringAttribute{Required: true}, "name": ephemeralschema.StringAttribute{Required: true},
		"mount_id": ephemeralschema.StringAttribute{Optional: true},
		"data":     ephemeralschema.MapAttribute{ElementType: types.StringType, Computed: true},
	}}
}

func (vaultSecret) Open(ctx context.Context, req ephemeral.OpenRequest, resp *ephemeral.OpenResponse) {
	var name types.String
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("name"), &name)...)
	object, ok := readObject("vault_kv_secret_v2", name.ValueString())
	if !ok {
		resp.Diagnostics.AddError("Vault response was nil", "There is no secret "+name.ValueString())
		return
	}
	var data map[string]string
	if err := json.Unmarshal([]byte(object.Secret), &data); err != nil {
		resp.Diagnostics.AddError("Secret is not as expected", err.Error())
	}
	resp.Result.Raw = req.Config.Raw
	resp.Diagnostics.Append(resp.Result.SetAttribute(ctx, path.Root("data"), data)...)
}

// keyVaultSecret reads a secret for a run.
type keyVaultSecret struct{}

func (keyVaultSecret) Metadata(_ context.Context, _ ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse) {
	resp.TypeName = "azurerm_key_vault_secret"
}

func (keyVaultSecret) Schema(_ context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse) {
	resp.Schema = ephemeralschema.Schema{Attributes: map[string]ephemeralschema.Attribute{
		"key_vault_id": ephemeralschema.StringAttribute{Required: true}, "name": ephemeralschema.StringAttribute{Required: true},
		"expiration_date": ephemeralschema.StringAttribute{Computed: true},
		"not_before_date": ephemeralschema.StringAttribute{Computed: true},
		"value":           ephemeralschema.StringAttribute{Computed: true},
	}}
}

func (keyVaultSecret) Open(ctx context.Context, req ephemeral.OpenRequest, resp *ephemeral.OpenResponse) {
	var name types.String
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("name"), &name)...)
	object, ok := readObject("azurerm_key_vault_secret", name.ValueString())
	if !ok {
		resp.Diagnostics.AddError("Secret not found", "There is no secret "+name.ValueString())
		return
	}
	resp.Result.Raw = req.Config.Raw
	for _, field := range []string{"expiration_date", "not_before_date"} {
		resp.Diagnostics.Append(resp.Result.SetAttribute(ctx, path.Root(field), object.Public[field])...)
	}
	resp.Diagnostics.Append(resp.Result.SetAttribute(ctx, path.Root("value"), object.Secret)...)
}

// ssmParameter reads a parameter for a run.
type ssmParameter struct{}

func (ssmParameter) Metadata(_ context.Context, _ ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse) {
	resp.TypeName = "aws_ssm_parameter"
}

func (ssmParameter) Schema(_ context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse) {
	resp.Schema = ephemeralschema.Schema{Attributes: map[string]ephemeralschema.Attribute{
		"arn": ephemeralschema.StringAttribute{Required: true}, "value": ephemeralschema.StringAttribute{Computed: true},
	}}
}

func (ssmParameter) Open(ctx context.Context, req ephemeral.OpenRequest, resp *ephemeral.OpenResponse) {
	var arn types.String
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("arn"), &arn)...)
	object, ok := readObject("aws_ssm_parameter", arn.ValueString())
	if !ok {
		resp.Diagnostics.AddError("reading SSM Parameter", "couldn't find resource "+arn.ValueString())
		return
	}
	resp.Result.Raw = req.Config.Raw
	resp.Diagnostics.Append(resp.Result.SetAttribute(ctx, path.Root("value"), object.Secret+object.Public["insecure_value"])...)
}

// configMap reads a config map into the state; one that is not there has no data.
type configMap struct{}

func (configMap) Metadata(_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = "kubernetes_config_map_v1"
}

func (configMap) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = datasourceschema.Schema{
		Attributes: map[string]datasourceschema.Attribute{
			"data": datasourceschema.MapAttribute{ElementType: types.StringType, Computed: true},
		},
		Blocks: map[string]datasourceschema.Block{"metadata": datasourceschema.ListNestedBlock{
			NestedObject: datasourceschema.NestedBlockObject{Attributes: map[string]datasourceschema.Attribute{
				"name": datasourceschema.StringAttribute{Required: true},
			}},
		}},
	}
}

func (configMap) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	resp.State.Raw = req.Config.Raw
	name := plain(values(elements(values(req.Config.Raw)["metadata"])[0])["name"])
	if object, ok := readObject("kubernetes_config_map_v1", name); ok {
		var data map[string]string
		if err := json.Unmarshal([]byte(object.Public["data"]), &data); err != nil {
			resp.Diagnostics.AddError("Data is not as expected", err.Error())
		}
		resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("data"), data)...)
	}
}
