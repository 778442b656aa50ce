package dev.lateen.control.ca;

import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which authority signs, and which roots are trusted, while an authority follows another: first everybody trusts both
 * roots, then the new one signs, and the old root is dropped when the last certificate that ends in it has ended. Pure: time
 * is passed in.
 *
 * @param signing what signs now
 * @param next what signs next; null when nothing is to come
 * @param kept roots that are in no Secret any more, and until when certificates in use may end in them
 */
record Rotation(Authority signing, @Nullable Next next, List<Kept> kept) {
    /**
     * How long a new root is told before anything is signed under it: the nodes bring the bundle into pods within two
     * minutes (kubelet, syncFrequency), proxies look every five seconds.
     */
    static final Duration TELLING = Duration.ofMinutes(5);

    /** An authority, and when it begins to sign. */
    record Next(Authority authority, Instant from) {}

    /** A root that may be dropped at a time. */
    record Kept(X509Certificate root, Instant until) {}

    Rotation {
        kept = List.copyOf(kept);
    }

    /** Nothing but this authority. */
    static Rotation of(Authority authority) {
        return new Rotation(authority, null, List.of());
    }

    /** All that is trusted now, that which signs first. */
    List<X509Certificate> roots() {
        Set<X509Certificate> roots = new LinkedHashSet<>(signing.roots());
        if (next != null) {
            roots.addAll(next.authority.roots());
        }
        kept.forEach(one -> roots.add(one.root));
        return List.copyOf(roots);
    }

    /** All that stands above certificates in use, as far as it is known: the roots, and what signs now and next. */
    List<X509Certificate> authorities() {
        Set<X509Certificate> all = new LinkedHashSet<>(signing.above());
        if (next != null) {
            all.addAll(next.authority.above());
        }
        all.addAll(roots());
        return List.copyOf(all);
    }

    /**
     * As time goes on, with what the Secret holds now.
     *
     * @param offered the Secret's authority
     */
    Rotation at(Instant now, Authority offered) {
        Rotation current = new Rotation(
                signing,
                next,
                kept.stream().filter(one -> one.until.isAfter(now)).toList());
        if (offered.isSame(signing)) {
            return new Rotation(signing, null, current.kept);
        }
        // Another key below the same root, or other roots beside it: everybody trusts it already.
        if (offered.roots().getFirst().equals(signing.roots().getFirst())) {
            return current.follow(offered, now);
        }
        if (next == null || !next.authority.isSame(offered)) {
            return new Rotation(signing, new Next(offered, now.plus(TELLING)), current.kept);
        }
        return next.from.isAfter(now) ? current : current.follow(next.authority, now);
    }

    /** The authority takes over; roots that it does not have stay as long as certificates live that end in them. */
    private Rotation follow(Authority authority, Instant now) {
        List<Kept> all = new ArrayList<>();
        for (X509Certificate root : signing.roots()) {
            if (!authority.roots().contains(root)) {
                all.add(new Kept(root, now.plus(Signing.LIFE)));
            }
        }
        for (Kept one : kept) {
            boolean again =
                    authority.roots().contains(one.root) || signing.roots().contains(one.root);
            if (!again) {
                all.add(one);
            }
        }
        return new Rotation(authority, null, all);
    }

    /** What is going on, for a log. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("signing with ").append(signing);
        if (next != null) {
            text.append("; from ").append(next.from).append(" with ").append(next.authority);
        }
        kept.forEach(one -> text.append("; root \"")
                .append(one.root.getSubjectX500Principal())
                .append("\" stays trusted until ")
                .append(one.until)
                .append(", when the last certificate under it has ended"));
        return text.toString();
    }
}
