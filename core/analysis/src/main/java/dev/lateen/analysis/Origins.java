package dev.lateen.analysis;

import dev.lateen.config.ConfigObject;
import dev.lateen.config.Kind;
import dev.lateen.config.Kinds;
import dev.lateen.config.ObjectName;
import dev.lateen.config.Problem;
import dev.lateen.config.networking.DestinationRule;
import dev.lateen.config.networking.ServiceEntry;
import dev.lateen.config.networking.VirtualService;
import dev.lateen.mesh.Snapshot;
import dev.lateen.mesh.rules.Hosts;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Finds the objects behind xDS resources, and the places where they were written. */
final class Origins {
    private final Snapshot snapshot;

    Origins(Snapshot snapshot) {
        this.snapshot = snapshot;
    }

    /** The object that {@code /apis/GROUP/VERSION/namespaces/NS/KIND/NAME} names, or null. */
    @Nullable
    ConfigObject<?> find(String origin) {
        int hash = origin.indexOf('#');
        String[] parts = (hash < 0 ? origin : origin.substring(0, hash)).split("/");
        if (parts.length != 8) {
            return null;
        }
        String kind = parts[6];
        for (Kind<?> known : Kinds.all()) {
            if (known.group().equals(parts[2]) && known.name().equalsIgnoreCase(kind.replace("-", ""))) {
                return snapshot.config().get(new ObjectName(known.key(), parts[5], parts[7]));
            }
        }
        return null;
    }

    /** The field after the hash, or empty. */
    static String field(String origin) {
        int hash = origin.indexOf('#');
        return hash < 0 ? "" : origin.substring(hash + 1);
    }

    /** Conflicts among objects that speak of this host. */
    List<Problem> problems(String host) {
        List<Problem> about = new ArrayList<>();
        for (Problem problem : snapshot.problems()) {
            for (ConfigObject<?> object : snapshot.config().values()) {
                if (object.origin().equals(problem.origin()) && speaksOf(object, host)) {
                    about.add(problem);
                }
            }
        }
        return about;
    }

    private boolean speaksOf(ConfigObject<?> object, String host) {
        List<String> hosts =
                switch (object.spec()) {
                    case VirtualService rule -> rule.hosts();
                    case DestinationRule rule -> List.of(rule.host());
                    case ServiceEntry entry -> entry.hosts();
                    default -> List.of();
                };
        return hosts.stream()
                .map(name -> Hosts.resolve(name, object.namespace(), snapshot.domain()))
                .anyMatch(name -> Hosts.covers(name, host.toLowerCase(Locale.ROOT)));
    }
}
