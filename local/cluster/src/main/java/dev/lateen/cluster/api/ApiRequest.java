package dev.lateen.cluster.api;

import io.netty.handler.codec.http.QueryStringDecoder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A request for a resource, taken from its path.
 *
 * @param type what is asked for
 * @param namespace the namespace; null for all of them, empty for kinds that have none
 * @param name the object's name, empty for a collection
 * @param subresource such as {@code status}, empty without one
 * @param query the query's parameters
 * @param userAgent what the client calls itself
 * @param user who asks
 * @param warnings grows by what webhooks want the client to be told
 */
record ApiRequest(
        ResourceType type,
        @Nullable String namespace,
        String name,
        String subresource,
        Map<String, List<String>> query,
        String userAgent,
        Tokens.Subject user,
        List<String> warnings) {

    String parameter(String parameter) {
        List<String> values = query.get(parameter);
        return values == null ? "" : values.getFirst();
    }

    boolean flag(String parameter) {
        String value = parameter(parameter);
        return value.equals("true") || value.equals("1");
    }

    String namespaceOrEmpty() {
        return namespace == null ? "" : namespace;
    }

    /** Who makes the request's change. */
    Caller caller() {
        return new Caller(user, parameter("dryRun").equals("All"), warnings);
    }

    /** Who the request's change is noted for in {@code managedFields}. */
    ManagedFields.Manager manager() {
        String given = parameter("fieldManager");
        int slash = userAgent.indexOf('/');
        String name = !given.isEmpty() ? given : slash < 0 ? userAgent : userAgent.substring(0, slash);
        return new ManagedFields.Manager(
                name.isEmpty() ? "unknown" : name, subresource, type.apiVersion(), java.time.Instant.now());
    }

    /** Reads a path below {@code /api/v1} or {@code /apis/GROUP/VERSION}. */
    static ApiRequest parse(QueryStringDecoder uri, String userAgent, Tokens.Subject user, ResourceRegistry registry)
            throws ApiException {
        String[] parts = uri.path().substring(1).split("/", -1);
        boolean core = parts[0].equals("api");
        int at = core ? 2 : 3;
        if (parts.length <= at) {
            throw ApiException.noSuchPath();
        }
        String group = core ? "" : parts[1];
        String version = parts[at - 1];
        String namespace = null;
        Map<String, List<String>> query = uri.parameters();
        if (parts[at].equals("watch") && parts.length > at + 1) {
            // The form of a watch before it was a parameter.
            query = new HashMap<>(query);
            query.put("watch", List.of("true"));
            at++;
        }
        boolean scoped = parts[at].equals("namespaces")
                && parts.length > at + 2
                && registry.find(group, version, parts[at + 2])
                        .map(ResourceType::namespaced)
                        .orElse(false);
        if (scoped) {
            namespace = parts[at + 1];
            at += 2;
        }
        String plural = parts[at];
        ResourceType type = registry.find(group, version, plural).orElseThrow(ApiException::noSuchPath);
        String name = parts.length > at + 1 ? parts[at + 1] : "";
        String subresource = parts.length > at + 2 ? parts[at + 2] : "";
        return new ApiRequest(
                type, type.namespaced() ? namespace : "", name, subresource, query, userAgent, user, new ArrayList<>());
    }
}
