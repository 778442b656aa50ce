package dev.lateen.config.networking;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Changes of header fields, of the request before it is forwarded and of the response before it is answered. */
public record Headers(
        @Nullable Operations request, @Nullable Operations response) {
    /** Changes of one head. */
    public record Operations(Map<String, String> set, Map<String, String> add, List<String> remove) {}
}
