package dev.lateen.config;

import dev.lateen.config.RefusedKinds.Refused;
import dev.lateen.config.shape.ShapeSchema;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * The CustomResourceDefinitions to install (apiextensions.k8s.io/v1): one for each custom kind of {@link Kinds#all()}, generated
 * from its record, and one for each refused kind, which refuses every object with the words to write instead.
 */
public final class CustomResourceDefinitions {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    /** Groups that end in k8s.io need one: where the kinds were agreed on. */
    private static final String APPROVED = "https://github.com/kubernetes-sigs/gateway-api/pull/1538";

    /** The release of the Gateway API whose kinds they are: tools ask for it before they look at any object. */
    private static final String GATEWAY_API = "v1.6.0";

    private CustomResourceDefinitions() {}

    /** Every definition as the API takes it. */
    public static List<ObjectNode> all() {
        List<ObjectNode> all = new ArrayList<>();
        Kinds.all().stream().filter(Kind::isCustom).forEach(kind -> all.add(of(kind)));
        for (Refused refused : RefusedKinds.all()) {
            all.add(of(refused));
        }
        return all;
    }

    /** Every definition as a YAML text of several documents. */
    public static String yaml() {
        StringBuilder yaml = new StringBuilder();
        for (ObjectNode definition : all()) {
            yaml.append(ConfigWriter.toYaml(definition));
        }
        return yaml.toString();
    }

    private static ObjectNode of(Kind<?> kind) {
        ObjectNode definition = definition(kind.group(), kind.name(), kind.plural());
        ObjectNode spec = (ObjectNode) definition.get("spec");
        ObjectNode names = (ObjectNode) spec.get("names");
        ArrayNode shortNames = names.putArray("shortNames");
        kind.shortNames().forEach(shortNames::add);
        if (Kinds.isOfKubernetes(kind)) {
            spec.put("scope", kind.isNamespaced() ? "Namespaced" : "Cluster");
            names.putArray("categories").add("gateway-api");
            ((ObjectNode) definition.get("metadata"))
                    .putObject("annotations")
                    .put("api-approved.kubernetes.io", APPROVED)
                    .put("gateway.networking.k8s.io/bundle-version", GATEWAY_API)
                    .put("gateway.networking.k8s.io/channel", "standard");
        } else {
            names.putArray("categories").add("istio-io").add(kind.group().replace(".", "-"));
        }
        ArrayNode versions = spec.putArray("versions");
        for (String version : kind.versions()) {
            ObjectNode out = versions.addObject();
            out.put("name", version)
                    .put("served", true)
                    .put("storage", version.equals(kind.versions().getFirst()));
            ObjectNode schema = out.putObject("schema").putObject("openAPIV3Schema");
            schema.put("type", "object").put("description", kind.description());
            ObjectNode properties = schema.putObject("properties");
            properties.set("spec", ShapeSchema.of(kind.spec()));
            properties.set("status", anything());
            schema.putArray("required").add("spec");
            out.putObject("subresources").putObject("status");
            ArrayNode columns = out.putArray("additionalPrinterColumns");
            for (Kind.Column column : kind.columns()) {
                columns.addObject()
                        .put("name", column.name())
                        .put("type", column.type())
                        .put("jsonPath", column.jsonPath());
            }
        }
        return definition;
    }

    private static ObjectNode of(Refused refused) {
        ObjectNode definition = definition(refused.group(), refused.kind(), refused.plural());
        ObjectNode version =
                ((ObjectNode) definition.get("spec")).putArray("versions").addObject();
        version.put("name", refused.version()).put("served", true).put("storage", true);
        ObjectNode schema = anything();
        schema.put("description", refused.advice());
        schema.putArray("x-kubernetes-validations")
                .addObject()
                .put("rule", "false")
                .put("message", refused.advice());
        version.putObject("schema").set("openAPIV3Schema", schema);
        return definition;
    }

    private static ObjectNode definition(String group, String kind, String plural) {
        ObjectNode definition = NODES.objectNode();
        definition.put("apiVersion", "apiextensions.k8s.io/v1").put("kind", "CustomResourceDefinition");
        ObjectNode metadata = definition.putObject("metadata").put("name", plural + "." + group);
        metadata.putObject("labels").put("app.kubernetes.io/part-of", "lateen");
        ObjectNode spec = definition.putObject("spec");
        spec.put("group", group).put("scope", "Namespaced");
        spec.putObject("names")
                .put("kind", kind)
                .put("listKind", kind + "List")
                .put("plural", plural)
                .put("singular", kind.toLowerCase(Locale.ROOT));
        return definition;
    }

    private static ObjectNode anything() {
        return NODES.objectNode().put("type", "object").put("x-kubernetes-preserve-unknown-fields", true);
    }
}
