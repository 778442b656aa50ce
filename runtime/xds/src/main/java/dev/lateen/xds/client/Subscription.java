package dev.lateen.xds.client;

import java.util.Set;

/** What is asked for of one type: everything, or names; both when a server's wildcard set is to be extended. */
public record Subscription(boolean all, Set<String> names) {
    public static final Subscription ALL = new Subscription(true, Set.of());
    public static final Subscription NONE = new Subscription(false, Set.of());

    public Subscription {
        names = Set.copyOf(names);
    }

    public static Subscription to(Set<String> names) {
        return new Subscription(false, names);
    }

    /** Whether a resource of this name is still wanted. */
    boolean wants(String name) {
        return all || names.contains(name);
    }
}
