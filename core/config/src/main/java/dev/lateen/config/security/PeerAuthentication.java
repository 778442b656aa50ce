package dev.lateen.config.security;

import dev.lateen.config.shape.Checked;
import dev.lateen.config.shape.Findings;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Whether callers must show a certificate of the mesh (security.istio.io PeerAuthentication). Without a selector it
 * holds for its namespace, and in the root namespace for the mesh.
 *
 * @param mtls null means UNSET
 * @param portLevelMtls by port of the workload
 */
public record PeerAuthentication(
        @Nullable WorkloadSelector selector, @Nullable MutualTls mtls, Map<String, MutualTls> portLevelMtls)
        implements Checked {
    /** See {@link Mode}. */
    public record MutualTls(Mode mode) {}

    /** What callers may do. */
    public enum Mode {
        /** What the next wider object says; PERMISSIVE where none says anything. */
        UNSET,
        /** Plain text only. */
        DISABLE,
        /** Plain text, and mutual TLS. */
        PERMISSIVE,
        /** Mutual TLS only. */
        STRICT
    }

    @Override
    public void check(Findings findings) {
        if (!portLevelMtls.isEmpty()
                && (selector == null || selector.matchLabels().isEmpty())) {
            findings.error("portLevelMtls", "needs a selector: ports are those of workloads");
        }
        for (String port : portLevelMtls.keySet()) {
            if (number(port) == 0) {
                findings.error("portLevelMtls", "\"" + port + "\" is no port from 1 to 65535");
            }
        }
    }

    /** Mode of the object as a whole. */
    public Mode mode() {
        return mtls == null ? Mode.UNSET : mtls.mode();
    }

    /** Mode of a port of the workload, UNSET where it is not named. */
    public Mode mode(int port) {
        MutualTls named = portLevelMtls.get(Integer.toString(port));
        return named == null ? Mode.UNSET : named.mode();
    }

    private static int number(String text) {
        try {
            int number = Integer.parseInt(text);
            return number >= 1 && number <= 65_535 && Integer.toString(number).equals(text) ? number : 0;
        } catch (NumberFormatException e) {
            return 0;
        }
    }
}
