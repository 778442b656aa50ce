package dev.lateen.xds.server;

import dev.lateen.xds.ResourceType;
import dev.lateen.xds.XdsError;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * State-of-the-world ADS for one client. An answer carries everything asked for of its type. So does a push of clusters or
 * listeners, whose lack in it removes them; one of another type carries what changed. Beyond the protocol's text:
 * assignments that lose endpoints are sent before everything else ({@link EndpointLoss}); after new clusters the endpoints
 * are sent again, and after new listeners the routes, even with the same bytes, because Envoy warms until they come;
 * clusters that are gone stay in the push until the routes that named them have been sent.
 */
final class SotwSession implements Session<DiscoveryRequest, DiscoveryResponse> {
    private static final Map<String, String> WARMED_BY =
            Map.of(ResourceType.CLUSTER, ResourceType.ENDPOINT, ResourceType.LISTENER, ResourceType.ROUTE);

    /** Types whose responses are complete: what is not in the last one is gone. */
    private static final Set<String> COMPLETE = Set.of(ResourceType.CLUSTER, ResourceType.LISTENER);

    /** What nothing names any more when everything else has been sent. */
    private static final List<String> REMOVED_LAST = List.of(ResourceType.CLUSTER, ResourceType.ENDPOINT);

    private final Rejections rejections;
    private final Questions questions;
    private final Map<String, TypeState> types = new TreeMap<>(ResourceType.PUSH_ORDER);
    /** What the client was last compared with. */
    private ResourceSet seen = ResourceSet.EMPTY;

    private long responses;
    /** Nonce of the last answer to a question. */
    private String answered = "";

    private static final class TypeState {
        boolean wildcard;
        Set<String> names = Set.of();
        Map<String, String> held = Map.of();
        /** The next request of this type is answered, even if it looks like an ACK. */
        boolean answerNext;

        final Answers answers = new Answers();
    }

    SotwSession(Rejections rejections, Questions questions) {
        this.rejections = rejections;
        this.questions = questions;
    }

    @Override
    public Node nodeOf(DiscoveryRequest request) {
        return request.getNode();
    }

    @Override
    public List<DiscoveryResponse> onRequest(DiscoveryRequest request, ResourceSet resources) {
        seen = resources;
        String url = request.getTypeUrl();
        if (url.isEmpty()) {
            throw XdsError.invalid("type_url is missing in a request on an aggregated stream");
        }
        DiscoveryResponse answer = questions.answer(url, request.getResourceNamesList());
        if (answer != null) {
            return answered(request, answer);
        }
        TypeState type = types.computeIfAbsent(url, ignored -> new TypeState());
        // A nonce of an earlier stream counts for nothing: the client reconnected, and gets everything.
        boolean first = type.answers.nothingSent();
        String nonce = request.getResponseNonce();
        if (!first && !nonce.isEmpty() && !type.answers.isCurrent(nonce)) {
            takeAnswer(type, request);
            return List.of();
        }
        Set<String> before = type.names;
        boolean wasWildcard = type.wildcard;
        type.names = new LinkedHashSet<>(request.getResourceNamesList());
        type.wildcard =
                type.names.remove(ResourceType.WILDCARD) || (type.names.isEmpty() && ResourceType.emptyMeansAll(url));
        if (!type.wildcard) {
            type.held = new LinkedHashMap<>(type.held);
            type.held.keySet().retainAll(type.names);
        }
        boolean wider = !before.containsAll(type.names) || (type.wildcard && !wasWildcard);
        boolean due = first || wider;
        if (!first) {
            takeAnswer(type, request);
            if (!request.hasErrorDetail()) {
                due |= type.answerNext;
                type.answerNext = false;
            }
        }
        List<DiscoveryResponse> responses = new ArrayList<>();
        if (due && (type.wildcard || !type.names.isEmpty())) {
            List<EncodedResource> selected = selected(url, type, resources);
            type.held = versions(selected);
            responses.add(response(url, type, selected, resources));
            dependentWaits(url);
        }
        return responses;
    }

    private void takeAnswer(TypeState type, DiscoveryRequest request) {
        String nonce = request.getResponseNonce();
        if (!request.hasErrorDetail()) {
            type.answers.acked(nonce);
        } else if (type.answers.rejected(nonce, request.getErrorDetail().getMessage())) {
            rejections.rejected(request.getTypeUrl(), request.getErrorDetail().getMessage());
        }
    }

    /** istioctl makes nonces up when it asks, and sends ours back when it has heard. */
    private List<DiscoveryResponse> answered(DiscoveryRequest request, DiscoveryResponse answer) {
        if (!answered.isEmpty() && answered.equals(request.getResponseNonce())) {
            return List.of();
        }
        answered = Long.toString(++responses);
        return List.of(answer.toBuilder()
                .setTypeUrl(request.getTypeUrl())
                .setNonce(answered)
                .build());
    }

    @Override
    public List<DiscoveryResponse> onChange(ResourceSet resources) {
        List<DiscoveryResponse> responses = new ArrayList<>();
        losses(resources, responses);
        Set<String> again = new HashSet<>();
        types.forEach((url, type) -> {
            if (push(url, type, withFormer(url, type, resources), again.contains(url), resources, responses)) {
                again.add(WARMED_BY.getOrDefault(url, ""));
                dependentWaits(url);
            }
        });
        for (String url : REMOVED_LAST) {
            TypeState type = types.get(url);
            if (type != null) {
                push(url, type, selected(url, type, resources), false, resources, responses);
            }
        }
        seen = resources;
        return responses;
    }

    /** Assignments that lose some of their endpoints. After a refusal they go with all others of the type. */
    private void losses(ResourceSet resources, List<DiscoveryResponse> responses) {
        TypeState type = types.get(ResourceType.ENDPOINT);
        if (type == null || type.answers.isRejected()) {
            return;
        }
        List<EncodedResource> losing = selected(ResourceType.ENDPOINT, type, resources).stream()
                .filter(resource -> loss(type, resource) == EndpointLoss.SOME)
                .toList();
        if (!losing.isEmpty()) {
            type.held = new LinkedHashMap<>(type.held);
            type.held.putAll(versions(losing));
            responses.add(response(ResourceType.ENDPOINT, type, losing, resources));
        }
    }

    /** What a new assignment takes from what the client holds; nothing where that is not known. */
    private EndpointLoss loss(TypeState type, EncodedResource now) {
        EncodedResource before = seen.of(ResourceType.ENDPOINT).get(now.name());
        return before != null && before.version().equals(type.held.get(now.name()))
                ? EndpointLoss.between(before, now)
                : EndpointLoss.NONE;
    }

    /** What is asked for, with clusters that are gone, and assignments that have nothing left as they were before. */
    private List<EncodedResource> withFormer(String url, TypeState type, ResourceSet resources) {
        List<EncodedResource> selected = selected(url, type, resources);
        return switch (url) {
            case ResourceType.CLUSTER ->
                Stream.concat(
                                selected.stream(),
                                selected(url, type, seen).stream()
                                        .filter(former -> type.held.containsKey(former.name())
                                                && !resources.of(url).containsKey(former.name())))
                        .toList();
            case ResourceType.ENDPOINT ->
                selected.stream()
                        .map(now -> loss(type, now) == EndpointLoss.ALL
                                ? seen.of(url).getOrDefault(now.name(), now)
                                : now)
                        .toList();
            default -> selected;
        };
    }

    /**
     * Sends what differs from what the client holds of a type.
     *
     * @param wanted what it is to hold
     * @param again all of that is due, changed or not
     * @return whether anything was sent
     */
    private boolean push(
            String url,
            TypeState type,
            List<EncodedResource> wanted,
            boolean again,
            ResourceSet resources,
            List<DiscoveryResponse> responses) {
        boolean refused = type.answers.isRejected();
        Map<String, String> versions = versions(wanted);
        if (versions.equals(type.held) && (!again || refused)) {
            return false;
        }
        Map<String, String> held = type.held;
        List<EncodedResource> due = again || refused || COMPLETE.contains(url)
                ? wanted
                : wanted.stream()
                        .filter(resource -> !resource.version().equals(held.get(resource.name())))
                        .toList();
        type.held = versions;
        if (due.isEmpty() && !COMPLETE.contains(url)) {
            return false;
        }
        responses.add(response(url, type, due, resources));
        return true;
    }

    /** The next request of the type that Envoy warms with this one is answered. */
    private void dependentWaits(String url) {
        TypeState waiting = types.get(WARMED_BY.getOrDefault(url, ""));
        if (waiting != null) {
            waiting.answerNext = true;
        }
    }

    private DiscoveryResponse response(String url, TypeState type, List<EncodedResource> due, ResourceSet resources) {
        type.answerNext = false;
        String nonce = Long.toString(++responses);
        type.answers.sent(nonce, resources.generation());
        return DiscoveryResponse.newBuilder()
                .setTypeUrl(url)
                .setNonce(nonce)
                .setVersionInfo(Long.toString(resources.generation()))
                .addAllResources(due.stream().map(EncodedResource::body).toList())
                .build();
    }

    private static List<EncodedResource> selected(String url, TypeState type, ResourceSet resources) {
        return resources.of(url).values().stream()
                .filter(resource -> type.wildcard || type.names.contains(resource.name()))
                .toList();
    }

    private static Map<String, String> versions(List<EncodedResource> resources) {
        Map<String, String> versions = LinkedHashMap.newLinkedHashMap(resources.size());
        resources.forEach(resource -> versions.put(resource.name(), resource.version()));
        return versions;
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
        types.forEach((url, type) -> sent.put(url, type.held));
        return sent;
    }
}
