package dev.lateen.control.status;

import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * How many proxies work by an object. Pure.
 *
 * @param proxies those that it is for
 * @param active how many of them work by it
 * @param rejected whether one of the others refuses something
 * @param late the first of the others, by name
 */
record Uptake(int proxies, int active, boolean rejected, List<Late> late) {
    static final Uptake NONE = new Uptake(0, 0, false, List.of());

    /** How many late proxies are named. */
    static final int NAMED = 3;

    /**
     * A proxy that does not work by the object.
     *
     * @param why what it refuses, empty when it has only not answered yet
     */
    record Late(String name, String why) {}

    /**
     * Of the proxies of one control plane.
     *
     * @param since generation of the first snapshot that held the object as it is
     */
    static Uptake of(long since, List<ProxyState> proxies) {
        List<ProxyState> late =
                proxies.stream().filter(proxy -> !proxy.has(since)).toList();
        return new Uptake(
                proxies.size(),
                proxies.size() - late.size(),
                late.stream().anyMatch(proxy -> !proxy.rejection().isEmpty()),
                first(late.stream().map(proxy -> new Late(proxy.name(), proxy.rejection()))));
    }

    /** Together with the proxies of another control plane. */
    Uptake plus(Uptake other) {
        return new Uptake(
                proxies + other.proxies,
                active + other.active,
                rejected || other.rejected,
                first(Stream.concat(late.stream(), other.late.stream())));
    }

    boolean isWhole() {
        return active == proxies;
    }

    private static List<Late> first(Stream<Late> late) {
        return late.sorted(Comparator.comparing(Late::name)).limit(NAMED).toList();
    }
}
