package dev.lateen.cluster.api;

import dev.lateen.cluster.store.ObjectStore;
import dev.lateen.cluster.store.ObjectStore.Key;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** What happens to an object before it is stored: defaults, allocation of addresses, and the rules it must keep. */
final class Admission {
    private final ObjectStore store;
    private final ResourceRegistry registry;
    private final CelRules rules = new CelRules();
    private final MatchConditions conditions = new MatchConditions();
    private final ServiceAddresses services;

    Admission(ObjectStore store, ResourceRegistry registry) {
        this.store = store;
        this.registry = registry;
        this.services = new ServiceAddresses(store);
    }

    void admit(ResourceType type, @Nullable ObjectNode present, ObjectNode object) throws ApiException {
        JsonNode metadata = object.path("metadata");
        String name = metadata.path("name").asString("");
        if (present == null) {
            namespaceIsThere(type, metadata.path("namespace").asString(""), name);
        }
        if (registry.isCustom(type)) {
            refuse(type, name, MetadataRules.problems(type, metadata));
            custom(type, name, present, object);
            return;
        }
        Defaults.apply(type, object);
        List<ApiException.Cause> causes = new ArrayList<>(MetadataRules.problems(type, metadata));
        switch (type.stored()) {
            case "/services" -> {
                services.keep(object, present);
                causes.addAll(
                        ServiceRules.problems(object.path("spec"), present == null ? null : present.path("spec")));
                services.checkNodePorts(object, causes);
            }
            case "/configmaps" -> causes.addAll(DataRules.problems(object));
            case "/secrets" -> {
                DataRules.decodable(type, object);
                causes.addAll(DataRules.problems(object));
            }
            case "apps/deployments", "apps/replicasets", "apps/statefulsets", "apps/daemonsets" ->
                causes.addAll(workload(object));
            case "admissionregistration.k8s.io/mutatingwebhookconfigurations",
                    "admissionregistration.k8s.io/validatingwebhookconfigurations" ->
                causes.addAll(conditions.problems(object));
            case "batch/jobs" -> causes.addAll(job(object));
            case "/pods" -> causes.addAll(pod(type, name, present, object));
            default -> {}
        }
        if (present != null) {
            causes.addAll(ImmutableFields.problems(type, present, object));
        }
        refuse(type, name, causes);
        if (type.stored().equals("/services")) {
            services.allocate(object);
        } else if (type.kind().equals("CustomResourceDefinition")) {
            DefinitionAdmission.admit(type, object, rules);
        }
    }

    private static void refuse(ResourceType type, String name, List<ApiException.Cause> causes) throws ApiException {
        if (!causes.isEmpty()) {
            throw ApiException.invalid(type, name, causes);
        }
    }

    private List<ApiException.Cause> pod(ResourceType type, String name, @Nullable ObjectNode present, ObjectNode pod)
            throws ApiException {
        JsonNode spec = pod.path("spec");
        if (present == null) {
            String namespace = pod.path("metadata").path("namespace").asString("");
            String account = spec.path("serviceAccountName").asString("default");
            // The account "default" comes a moment after its namespace; pods need not wait for it.
            if (!account.equals("default")
                    && store.get(new Key("/serviceaccounts", namespace, account))
                            .isEmpty()) {
                throw ApiException.forbidden(
                        type,
                        name,
                        "error looking up service account " + namespace + "/" + account + ": serviceaccount \""
                                + account + "\" not found");
            }
        } else {
            ApiException.Cause change = PodRules.change(present.path("spec"), spec);
            if (change != null) {
                return List.of(change);
            }
        }
        return PodRules.problems(spec, "spec");
    }

    private static List<ApiException.Cause> job(ObjectNode job) {
        JsonNode spec = job.path("spec");
        List<ApiException.Cause> causes = new ArrayList<>();
        for (String field : List.of("parallelism", "completions", "backoffLimit", "activeDeadlineSeconds")) {
            if (spec.path(field).asInt(0) < 0) {
                causes.add(new ApiException.Cause(
                        "FieldValueInvalid",
                        "Invalid value: " + spec.path(field) + ": must be greater than or equal to 0",
                        "spec." + field));
            }
        }
        String policy = spec.path("template").path("spec").path("restartPolicy").asString("");
        if (!policy.equals("Never") && !policy.equals("OnFailure")) {
            causes.add(new ApiException.Cause(
                    policy.isEmpty() ? "FieldValueRequired" : "FieldValueNotSupported",
                    policy.isEmpty()
                            ? "Required value: valid values: \"OnFailure\", \"Never\""
                            : "Unsupported value: \"" + policy + "\": supported values: \"OnFailure\", \"Never\"",
                    "spec.template.spec.restartPolicy"));
        }
        causes.addAll(PodRules.problems(spec.path("template").path("spec"), "spec.template.spec"));
        return causes;
    }

    private void custom(ResourceType type, String name, @Nullable ObjectNode present, ObjectNode object)
            throws ApiException {
        JsonNode schema = registry.schema(type);
        for (String part : List.copyOf(object.propertyNames())) {
            if (!part.equals("metadata")) {
                CustomValidation.defaults(schema.path("properties").path(part), object.path(part));
            }
        }
        List<ApiException.Cause> problems = CustomValidation.problems(rules, schema, object, present);
        if (!problems.isEmpty()) {
            throw ApiException.invalid(type, name, problems);
        }
    }

    private void namespaceIsThere(ResourceType type, String namespace, String name) throws ApiException {
        if (!type.namespaced()) {
            return;
        }
        ObjectStore.Item item =
                store.get(new Key("/namespaces", "", namespace)).orElseThrow(() -> ApiException.noNamespace(namespace));
        if (Json.readStored(item.value()).path("metadata").has("deletionTimestamp")) {
            throw ApiException.forbidden(
                    type,
                    name,
                    "unable to create new content in namespace " + namespace + " because it is being terminated");
        }
    }

    private static List<ApiException.Cause> workload(ObjectNode object) {
        JsonNode spec = object.path("spec");
        JsonNode wanted = spec.path("selector").path("matchLabels");
        JsonNode labels = spec.path("template").path("metadata").path("labels");
        List<ApiException.Cause> causes = new ArrayList<>();
        if (spec.path("selector").isMissingNode()) {
            causes.add(new ApiException.Cause("FieldValueRequired", "Required value", "spec.selector"));
        }
        if (spec.path("replicas").asInt(0) < 0) {
            causes.add(new ApiException.Cause(
                    "FieldValueInvalid",
                    "Invalid value: " + spec.path("replicas") + ": must be greater than or equal to 0",
                    "spec.replicas"));
        }
        for (var entry : wanted.properties()) {
            if (!entry.getValue().equals(labels.path(entry.getKey()))) {
                causes.add(new ApiException.Cause(
                        "FieldValueInvalid",
                        "Invalid value: " + (labels.isMissingNode() ? "null" : labels)
                                + ": `selector` does not match template `labels`",
                        "spec.template.metadata.labels"));
                break;
            }
        }
        JsonNode strategy = spec.path("strategy");
        if (strategy.path("type").asString("").equals("Recreate") && strategy.has("rollingUpdate")) {
            causes.add(new ApiException.Cause(
                    "FieldValueForbidden",
                    "Forbidden: may not be specified when strategy `type` is 'Recreate'",
                    "spec.strategy.rollingUpdate"));
        }
        MetadataRules.labels(labels, "spec.template.labels", causes);
        causes.addAll(PodRules.problems(spec.path("template").path("spec"), "spec.template.spec"));
        return causes;
    }
}
