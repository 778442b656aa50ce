package dev.lateen.mesh.translate;

import dev.lateen.mesh.registry.MeshService;
import java.util.ArrayList;
import java.util.List;

/** The names by which callers of a namespace may call a service in the Host field. */
final class Domains {
    private Domains() {}

    /** The full name first, as DNS writes it too, then shorter ones, then addresses; without ports, which proxies pass over. */
    static List<String> of(MeshService service, Scope scope) {
        List<String> names = new ArrayList<>();
        names.add(service.host());
        names.add(service.host() + ".");
        String suffix = ".svc." + scope.domain();
        if (service.host().endsWith(suffix)) {
            String base = service.host().substring(0, service.host().length() - suffix.length());
            if (base.endsWith("." + scope.namespace())) {
                names.add(base.substring(0, base.length() - scope.namespace().length() - 1));
            }
            names.add(base + ".svc");
            names.add(base);
        }
        if (service.isHeadless()) {
            for (String name : List.copyOf(names)) {
                names.add("*." + name);
            }
        }
        for (String address : service.dialled()) {
            if (address.indexOf('/') < 0) {
                names.add(address.indexOf(':') < 0 ? address : "[" + address + "]");
            }
        }
        return names;
    }
}
