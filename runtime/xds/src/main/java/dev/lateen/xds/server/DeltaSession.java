package dev.lateen.xds.server;

import dev.lateen.xds.ResourceType;
import dev.lateen.xds.XdsError;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.envoyproxy.envoy.service.discovery.v3.Resource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;

/**
 * Incremental ADS for one client. Only what differs from what the client holds is sent. Four rules beyond the
 * protocol's text: assignments that lose endpoints are sent before everything else ({@link EndpointLoss}); clusters that
 * change have their endpoints sent again, changed or not, because Envoy warms a changed cluster until they come;
 * clusters and endpoints that are gone are removed after the routes that named them; and what was refused is not sent
 * again until its content is another.
 */
final class DeltaSession implements Session<DeltaDiscoveryRequest, DeltaDiscoveryResponse> {
    /** Held in place of a version when the client was told that the resource does not exist. */
    private static final String ABSENT = "";

    /** What nothing names any more when everything else has been sent. */
    private static final List<String> REMOVED_LAST = List.of(ResourceType.CLUSTER, ResourceType.ENDPOINT);

    private final Rejections rejections;
    private final Map<String, TypeState> types = new TreeMap<>(ResourceType.PUSH_ORDER);
    /** What the client was last compared with. */
    private ResourceSet seen = ResourceSet.EMPTY;

    private long responses;

    private static final class TypeState {
        boolean wildcard;
        final Set<String> names = new LinkedHashSet<>();
        final Map<String, String> held = new HashMap<>();
        final Answers answers = new Answers();
    }

    private record Difference(List<Resource> changed, List<String> removed) {
        boolean isEmpty() {
            return changed.isEmpty() && removed.isEmpty();
        }
    }

    DeltaSession(Rejections rejections) {
        this.rejections = rejections;
    }

    @Override
    public Node nodeOf(DeltaDiscoveryRequest request) {
        return request.getNode();
    }

    @Override
    public List<DeltaDiscoveryResponse> onRequest(DeltaDiscoveryRequest request, ResourceSet resources) {
        seen = resources;
        String url = request.getTypeUrl();
        if (url.isEmpty()) {
            throw XdsError.invalid("type_url is missing in a request on an aggregated stream");
        }
        boolean first = !types.containsKey(url);

        TypeState type = types.computeIfAbsent(url, ignored -> new TypeState());

        if (first) {
            type.held.putAll(request.getInitialResourceVersionsMap());
            type.wildcard = request.getResourceNamesSubscribeList().isEmpty() && ResourceType.emptyMeansAll(url);
        } else {
            takeAnswer(type, request);
        }
        subscribe(type, request, first);
        unsubscribe(type, request);
        if (!first
                && request.getResourceNamesSubscribeList().isEmpty()
                && request.getResourceNamesUnsubscribeList().isEmpty()) {
            return List.of();
        }
        List<DeltaDiscoveryResponse> responses = new ArrayList<>();
        Difference difference = difference(url, type, resources);
        if (!difference.isEmpty() || (first && type.wildcard)) {
            responses.add(response(url, type, difference, resources));
        }
        if (url.equals(ResourceType.CLUSTER)) {
            endpointsAgain(difference, resources, responses);
        }
        return responses;
    }

    @Override
    public List<DeltaDiscoveryResponse> onChange(ResourceSet resources) {
        List<DeltaDiscoveryResponse> responses = new ArrayList<>();
        TypeState endpoints = types.get(ResourceType.ENDPOINT);
        if (endpoints != null) {
            List<Resource> losing = changed(
                    ResourceType.ENDPOINT,
                    endpoints,
                    resources,
                    resource -> loss(endpoints, resource) == EndpointLoss.SOME);
            respond(ResourceType.ENDPOINT, endpoints, new Difference(losing, List.of()), resources, responses);
        }
        types.forEach((url, type) -> {
            Difference difference =
                    switch (url) {
                        case ResourceType.CLUSTER ->
                            new Difference(changed(url, type, resources, _ -> true), List.of());
                        case ResourceType.ENDPOINT ->
                            new Difference(
                                    changed(url, type, resources, resource -> loss(type, resource) != EndpointLoss.ALL),
                                    List.of());
                        default -> difference(url, type, resources);
                    };
            respond(url, type, difference, resources, responses);
            if (url.equals(ResourceType.CLUSTER)) {
                forgetEndpoints(difference);
            }
        });
        for (String url : REMOVED_LAST) {
            TypeState type = types.get(url);
            if (type != null) {
                respond(url, type, difference(url, type, resources), resources, responses);
            }
        }
        seen = resources;
        return responses;
    }

    /** What a new assignment takes from what the client holds; nothing where that is not known, or has to be sent anyway. */
    private EndpointLoss loss(TypeState endpoints, EncodedResource now) {
        EncodedResource before = seen.of(ResourceType.ENDPOINT).get(now.name());
        return before != null && before.version().equals(endpoints.held.get(now.name()))
                ? EndpointLoss.between(before, now)
                : EndpointLoss.NONE;
    }

    private void respond(
            String url,
            TypeState type,
            Difference difference,
            ResourceSet resources,
            List<DeltaDiscoveryResponse> responses) {
        if (!difference.isEmpty()) {
            responses.add(response(url, type, difference, resources));
        }
    }

    private void takeAnswer(TypeState type, DeltaDiscoveryRequest request) {
        String nonce = request.getResponseNonce();
        if (nonce.isEmpty()) {
            return;
        }
        if (!request.hasErrorDetail()) {
            type.answers.acked(nonce);
        } else if (type.answers.rejected(nonce, request.getErrorDetail().getMessage())) {
            rejections.rejected(request.getTypeUrl(), request.getErrorDetail().getMessage());
        }
    }

    private static void subscribe(TypeState type, DeltaDiscoveryRequest request, boolean first) {
        for (String name : request.getResourceNamesSubscribeList()) {
            if (name.equals(ResourceType.WILDCARD)) {
                type.wildcard = true;
            } else {
                type.names.add(name);
                if (!first) {
                    // Asking again for what one has means: send it again.
                    type.held.remove(name);
                }
            }
        }
    }

    private static void unsubscribe(TypeState type, DeltaDiscoveryRequest request) {
        for (String name : request.getResourceNamesUnsubscribeList()) {
            if (name.equals(ResourceType.WILDCARD)) {
                type.wildcard = false;
            } else {
                type.names.remove(name);
                type.held.remove(name);
            }
        }
        if (!type.wildcard) {
            type.held.keySet().retainAll(type.names);
        }
    }

    /** What the client lacks; from here on it counts as sent. */
    private static Difference difference(String url, TypeState type, ResourceSet resources) {
        return new Difference(changed(url, type, resources, _ -> true), removed(url, type, resources));
    }

    private static List<Resource> changed(
            String url, TypeState type, ResourceSet resources, Predicate<EncodedResource> due) {
        Map<String, EncodedResource> current = resources.of(url);
        List<Resource> changed = new ArrayList<>();
        if (type.wildcard) {
            current.values().forEach(resource -> addIfDifferent(type, resource, due, changed));
        }
        for (String name : type.names) {
            EncodedResource resource = current.get(name);
            if (resource != null) {
                addIfDifferent(type, resource, due, changed);
            }
        }
        return changed;
    }

    private static List<String> removed(String url, TypeState type, ResourceSet resources) {
        Map<String, EncodedResource> current = resources.of(url);
        List<String> removed = new ArrayList<>();
        if (type.wildcard) {
            type.held.keySet().removeIf(name -> {
                boolean gone = !current.containsKey(name) && !type.names.contains(name);
                return gone && removed.add(name);
            });
        }
        for (String name : type.names) {
            if (!current.containsKey(name) && !ABSENT.equals(type.held.put(name, ABSENT))) {
                removed.add(name);
            }
        }
        return removed;
    }

    private static void addIfDifferent(
            TypeState type, EncodedResource resource, Predicate<EncodedResource> due, List<Resource> changed) {
        if (!resource.version().equals(type.held.get(resource.name())) && due.test(resource)) {
            type.held.put(resource.name(), resource.version());
            changed.add(resource.wire());
        }
    }

    private void endpointsAgain(Difference clusters, ResourceSet resources, List<DeltaDiscoveryResponse> responses) {
        forgetEndpoints(clusters);
        TypeState endpoints = types.get(ResourceType.ENDPOINT);
        if (endpoints != null) {
            Difference difference = difference(ResourceType.ENDPOINT, endpoints, resources);
            respond(ResourceType.ENDPOINT, endpoints, difference, resources, responses);
        }
    }

    private void forgetEndpoints(Difference clusters) {
        TypeState endpoints = types.get(ResourceType.ENDPOINT);
        if (endpoints != null) {
            clusters.changed().forEach(cluster -> endpoints.held.remove(cluster.getName()));
        }
    }

    private DeltaDiscoveryResponse response(String url, TypeState type, Difference difference, ResourceSet resources) {
        String nonce = Long.toString(++responses);
        type.answers.sent(nonce, resources.generation());
        return DeltaDiscoveryResponse.newBuilder()
                .setTypeUrl(url)
                .setNonce(nonce)
                .setSystemVersionInfo(Long.toString(resources.generation()))
                .addAllResources(difference.changed())
                .addAllRemovedResources(difference.removed())
                .build();
    }

    @Override
    public List<TypeStatus> types() {
        return types.entrySet().stream()
                .map(entry -> entry.getValue()
                        .answers
                        .status(
                                entry.getKey(),
                                entry.getValue().wildcard,
                                entry.getValue().names.size()))
                .toList();
    }

    @Override
    public Map<String, Map<String, String>> sent() {
        Map<String, Map<String, String>> sent = new TreeMap<>(ResourceType.PUSH_ORDER);
        types.forEach((url, type) -> {
            Map<String, String> versions = new TreeMap<>(type.held);
            versions.values().removeIf(ABSENT::equals);
            sent.put(url, versions);
        });
        return sent;
    }
}
