package dev.lateen.mesh.translate;

import dev.lateen.config.networking.Headers;
import io.envoyproxy.envoy.config.core.v3.HeaderValue;
import io.envoyproxy.envoy.config.core.v3.HeaderValueOption;
import io.envoyproxy.envoy.config.core.v3.HeaderValueOption.HeaderAppendAction;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Changes of header fields as a proxy takes them.
 *
 * @param authority the host to send instead, empty to leave it: proxies change it by a rule of its own
 */
record HeaderChanges(
        List<HeaderValueOption> requestAdd,
        List<String> requestRemove,
        List<HeaderValueOption> responseAdd,
        List<String> responseRemove,
        String authority) {
    static HeaderChanges of(@Nullable Headers headers) {
        Headers.Operations request = headers == null ? null : headers.request();
        Headers.Operations response = headers == null ? null : headers.response();
        return new HeaderChanges(
                additions(request), removals(request), additions(response), removals(response), authority(request));
    }

    private static List<HeaderValueOption> additions(Headers.@Nullable Operations operations) {
        List<HeaderValueOption> out = new ArrayList<>();
        if (operations != null) {
            add(operations.set(), HeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD, out);
            add(operations.add(), HeaderAppendAction.APPEND_IF_EXISTS_OR_ADD, out);
        }
        return out;
    }

    private static void add(Map<String, String> fields, HeaderAppendAction action, List<HeaderValueOption> out) {
        new TreeMap<>(fields).forEach((name, value) -> {
            if (!isFixed(name)) {
                out.add(HeaderValueOption.newBuilder()
                        .setHeader(HeaderValue.newBuilder().setKey(name).setValue(value))
                        .setAppendAction(action)
                        .build());
            }
        });
    }

    private static List<String> removals(Headers.@Nullable Operations operations) {
        return operations == null
                ? List.of()
                : operations.remove().stream().filter(n -> !isFixed(n)).toList();
    }

    /** Pseudo-fields and the host are not among the fields that can be added or removed. */
    private static boolean isFixed(String name) {
        return name.startsWith(":") || name.equalsIgnoreCase("host");
    }

    private static String authority(Headers.@Nullable Operations request) {
        if (request == null) {
            return "";
        }
        String set = authority(request.set());
        return set.isEmpty() ? authority(request.add()) : set;
    }

    private static String authority(Map<String, String> fields) {
        for (Map.Entry<String, String> field : fields.entrySet()) {
            if (field.getKey().equalsIgnoreCase("host") || field.getKey().equalsIgnoreCase(":authority")) {
                return field.getValue();
            }
        }
        return "";
    }
}
