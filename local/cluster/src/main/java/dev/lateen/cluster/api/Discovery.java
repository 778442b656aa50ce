package dev.lateen.cluster.api;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** What the server says about itself: groups, versions and resources, plain and aggregated (apidiscovery.k8s.io). */
final class Discovery {
    private static final List<String> VERBS =
            List.of("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch");
    private static final Map<String, List<String>> EXTRA = Map.of(
            "pods",
            List.of(
                    "log:Pod:get",
                    "exec:PodExecOptions:create,get",
                    "attach:PodAttachOptions:create,get",
                    "portforward:PodPortForwardOptions:create,get",
                    "binding:Binding:create",
                    "eviction:Eviction:create:policy/v1"),
            "serviceaccounts",
            List.of("token:TokenRequest:create:authentication.k8s.io/v1"),
            "namespaces",
            List.of("finalize:Namespace:update"));
    /** Reviews can be created and are not kept. */
    private static final List<String> REVIEWS = List.of(
            "authentication.k8s.io TokenReview tokenreviews",
            "authentication.k8s.io SelfSubjectReview selfsubjectreviews",
            "authorization.k8s.io SelfSubjectAccessReview selfsubjectaccessreviews",
            "authorization.k8s.io SelfSubjectRulesReview selfsubjectrulesreviews",
            "authorization.k8s.io SubjectAccessReview subjectaccessreviews",
            "authorization.k8s.io LocalSubjectAccessReview localsubjectaccessreviews");

    private final ResourceRegistry registry;

    Discovery(ResourceRegistry registry) {
        this.registry = registry;
    }

    /** Whether a resource has that subresource. */
    static boolean serves(ResourceType type, String subresource) {
        return type.subresources().contains(subresource)
                || subresources(type).stream().anyMatch(parts -> parts[0].equals(subresource));
    }

    /** The path of one object, with names in braces. */
    static String path(ResourceType type) {
        return (type.group().isEmpty() ? "/api/" : "/apis/") + type.apiVersion()
                + (type.namespaced() ? "/namespaces/{namespace}/" : "/") + type.plural() + "/{name}";
    }

    /** Whether all objects of the kind can be deleted at once. */
    static boolean emptied(ResourceType type) {
        return !type.stored().equals("/namespaces");
    }

    private static List<String> verbs(ResourceType type) {
        return VERBS.stream()
                .filter(verb -> !verb.equals("deletecollection") || emptied(type))
                .toList();
    }

    /** Resources by version by group, in the order of their definition. */
    private Map<String, Map<String, List<ResourceType>>> groups() {
        Map<String, Map<String, List<ResourceType>>> groups = new LinkedHashMap<>();
        for (ResourceType type : registry.all()) {
            groups.computeIfAbsent(type.group(), _ -> new LinkedHashMap<>())
                    .computeIfAbsent(type.version(), _ -> new ArrayList<>())
                    .add(type);
        }
        groups.put("authentication.k8s.io", new LinkedHashMap<>(Map.of("v1", List.of())));
        groups.put("authorization.k8s.io", new LinkedHashMap<>(Map.of("v1", List.of())));
        return groups;
    }

    private static Stream<String[]> reviews(String group) {
        return REVIEWS.stream().map(line -> line.split(" ")).filter(parts -> parts[0].equals(group));
    }

    /** @param address where the client reached the server */
    ObjectNode coreVersions(String address) {
        ObjectNode answer = JsonNodeFactory.instance.objectNode().put("kind", "APIVersions");
        answer.putArray("versions").add("v1");
        answer.putArray("serverAddressByClientCIDRs")
                .addObject()
                .put("clientCIDR", "0.0.0.0/0")
                .put("serverAddress", address);
        return answer;
    }

    /** One group, as {@code /apis/GROUP} tells it; null when there is none of that name. */
    @Nullable
    ObjectNode group(String name) {
        for (JsonNode each : groupList().path("groups")) {
            if (each.path("name").asString("").equals(name)) {
                ObjectNode group = JsonNodeFactory.instance
                        .objectNode()
                        .put("kind", "APIGroup")
                        .put("apiVersion", "v1");
                each.properties().forEach(field -> group.set(field.getKey(), field.getValue()));
                return group;
            }
        }
        return null;
    }

    ObjectNode groupList() {
        ObjectNode answer = JsonNodeFactory.instance
                .objectNode()
                .put("kind", "APIGroupList")
                .put("apiVersion", "v1");
        ArrayNode list = answer.putArray("groups");
        groups().forEach((group, versions) -> {
            if (!group.isEmpty()) {
                ObjectNode entry = list.addObject().put("name", group);
                ArrayNode array = entry.putArray("versions");
                versions.keySet().forEach(version -> array.addObject()
                        .put("groupVersion", group + "/" + version)
                        .put("version", version));
                String first = versions.keySet().iterator().next();
                entry.putObject("preferredVersion")
                        .put("groupVersion", group + "/" + first)
                        .put("version", first);
            }
        });
        return answer;
    }

    ObjectNode resourceList(String group, String version) throws ApiException {
        Map<String, List<ResourceType>> versions = groups().getOrDefault(group, Map.of());
        List<ResourceType> types = versions.get(version);
        if (types == null) {
            throw ApiException.noSuchPath();
        }
        ObjectNode answer = JsonNodeFactory.instance.objectNode().put("kind", "APIResourceList");
        if (!group.isEmpty()) {
            answer.put("apiVersion", "v1");
        }
        answer.put("groupVersion", group.isEmpty() ? version : group + "/" + version);
        ArrayNode list = answer.putArray("resources");
        for (ResourceType type : types.stream()
                .sorted(Comparator.comparing(ResourceType::plural))
                .toList()) {
            ObjectNode entry = list.addObject().put("name", type.plural()).put("singularName", type.singular());
            entry.put("namespaced", type.namespaced()).put("kind", type.kind());
            verbs(type).forEach(entry.putArray("verbs")::add);
            if (!type.shortNames().isEmpty()) {
                type.shortNames().forEach(entry.putArray("shortNames")::add);
            }
            if (!type.categories().isEmpty()) {
                type.categories().forEach(entry.putArray("categories")::add);
            }
            for (String[] sub : subresources(type)) {
                ObjectNode part = list.addObject()
                        .put("name", type.plural() + "/" + sub[0])
                        .put("singularName", "");
                part.put("namespaced", type.namespaced()).put("kind", sub[1]);
                List.of(sub[2].split(",")).forEach(part.putArray("verbs")::add);
                if (sub.length > 3) {
                    String[] own = sub[3].split("/", -1);
                    part.put("group", own[0]).put("version", own[1]);
                }
            }
        }
        reviews(group).forEach(parts -> {
            ObjectNode entry = list.addObject()
                    .put("name", parts[2])
                    .put("singularName", parts[1].toLowerCase(java.util.Locale.ROOT));
            entry.put("namespaced", parts[1].startsWith("Local"))
                    .put("kind", parts[1])
                    .putArray("verbs")
                    .add("create");
        });
        return answer;
    }

    private static List<String[]> subresources(ResourceType type) {
        List<String[]> list = new ArrayList<>();
        type.subresources().stream()
                .sorted()
                .forEach(name -> list.add(
                        name.equals("scale")
                                ? new String[] {name, "Scale", "get,patch,update", "autoscaling/v1"}
                                : new String[] {name, type.kind(), "get,patch,update"}));
        if (type.group().isEmpty()) {
            EXTRA.getOrDefault(type.plural(), List.of()).forEach(text -> list.add(text.split(":")));
        }
        list.sort(Comparator.comparing(parts -> parts[0]));
        return list;
    }

    /** The aggregated form of {@code /api} or {@code /apis}; {@code version} is {@code v2} or {@code v2beta1}. */
    ObjectNode aggregated(boolean core, String version) {
        ObjectNode answer = JsonNodeFactory.instance.objectNode();
        answer.put("kind", "APIGroupDiscoveryList").put("apiVersion", "apidiscovery.k8s.io/" + version);
        answer.putObject("metadata");
        ArrayNode items = answer.putArray("items");
        groups().forEach((group, versions) -> {
            if (group.isEmpty() == core) {
                ObjectNode item = items.addObject();
                item.putObject("metadata").put("name", group).putNull("creationTimestamp");
                ArrayNode list = item.putArray("versions");
                versions.forEach((name, types) -> {
                    ObjectNode entry = list.addObject().put("version", name).put("freshness", "Current");
                    ArrayNode resources = entry.putArray("resources");
                    types.forEach(type -> aggregated(resources, type));
                    reviews(group).forEach(parts -> {
                        ObjectNode review = resources
                                .addObject()
                                .put("resource", parts[2])
                                .put("scope", parts[1].startsWith("Local") ? "Namespaced" : "Cluster");
                        kind(review.putObject("responseKind"), group, name, parts[1]);
                        review.put("singularResource", parts[1].toLowerCase(java.util.Locale.ROOT));
                        review.putArray("verbs").add("create");
                    });
                });
            }
        });
        return answer;
    }

    private static void aggregated(ArrayNode resources, ResourceType type) {
        ObjectNode entry = resources.addObject().put("resource", type.plural());
        kind(entry.putObject("responseKind"), type.group(), type.version(), type.kind());
        entry.put("scope", type.namespaced() ? "Namespaced" : "Cluster").put("singularResource", type.singular());
        verbs(type).forEach(entry.putArray("verbs")::add);
        type.shortNames().forEach(Defaults.array(entry, "shortNames")::add);
        type.categories().forEach(Defaults.array(entry, "categories")::add);
        ArrayNode parts = entry.putArray("subresources");
        for (String[] sub : subresources(type)) {
            ObjectNode part = parts.addObject().put("subresource", sub[0]);
            String[] own = sub.length > 3 ? sub[3].split("/", -1) : new String[] {type.group(), type.version()};
            kind(part.putObject("responseKind"), own[0], own[1], sub[1]);
            List.of(sub[2].split(",")).forEach(part.putArray("verbs")::add);
        }
    }

    private static void kind(ObjectNode target, String group, String version, String kind) {
        target.put("group", group).put("version", version).put("kind", kind);
    }
}
