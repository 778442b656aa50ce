package dev.lateen.config.networking;

import dev.lateen.config.shape.Checked;
import dev.lateen.config.shape.Findings;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Changes of header fields, of the request before it is forwarded and of the response before it is answered. */
public record Headers(
        @Nullable Operations request, @Nullable Operations response) implements Checked {
    /** Changes of one head. */
    public record Operations(Map<String, String> set, Map<String, String> add, List<String> remove) implements Checked {
        @Override
        public void check(Findings findings) {
            set.forEach((name, value) -> HeaderNames.checkChange(name, value, "set[" + name + "]", findings));
            add.forEach((name, value) -> HeaderNames.checkChange(name, value, "add[" + name + "]", findings));
            for (int i = 0; i < remove.size(); i++) {
                HeaderNames.checkRemoval(remove.get(i), "remove[" + i + "]", findings);
            }
        }

        /** How often these changes name another host. */
        private long hosts() {
            return Stream.concat(set.keySet().stream(), add.keySet().stream())
                    .filter(HeaderNames::isAuthority)
                    .count();
        }
    }

    @Override
    public void check(Findings findings) {
        if (request != null && request.hosts() > 1) {
            findings.error("request", "names the host more than once");
        }
        if (response != null && response.hosts() > 0) {
            findings.error("response", "a response has no host");
        }
    }

    /** Whether the request goes out with another host than it came with. */
    boolean namesHost() {
        return request != null && request.hosts() > 0;
    }
}
