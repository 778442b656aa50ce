package dev.lateen.proxycore.balance;

import dev.lateen.proxycore.cluster.Host;
import org.jspecify.annotations.Nullable;

/** Chooses among a fixed list of hosts. Thread-safe. */
interface Chooser {
    /** Chooses among none. */
    Chooser NOBODY = (pick, hash, attempt) -> null;

    /**
     * Chooses a host.
     *
     * @param hash the request's hash, or a random number when it has none
     * @param attempt how many times this request's choice was turned down before
     */
    @Nullable
    Host choose(Pick pick, long hash, int attempt);
}
