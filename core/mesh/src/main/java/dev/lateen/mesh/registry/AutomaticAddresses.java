package dev.lateen.mesh.registry;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Makes up addresses for hosts of ServiceEntries that have none, so that connections to them can be told apart: one of
 * 240.240.0.0/16 and one of 2001:2::/48 for each host of a namespace (Istio's documentation, DNS Proxying). An address
 * follows from the names alone; of two that meet, the older entry keeps it.
 */
final class AutomaticAddresses {
    /** Of each 256 addresses the first and the last are left out. */
    private static final int PER_BLOCK = 254;

    private static final int ROOM = 256 * PER_BLOCK;
    private static final int FNV_BASIS = 0x811c9dc5;
    private static final int FNV_PRIME = 0x01000193;

    private AutomaticAddresses() {}

    /** @param services the oldest first */
    static List<MeshService> assign(List<MeshService> services) {
        Map<String, Integer> places = new HashMap<>();
        Set<Integer> taken = new HashSet<>();
        List<MeshService> assigned = new ArrayList<>(services.size());
        for (MeshService service : services) {
            String name = service.namespace() + "/" + service.host();
            if (!needsOne(service) || (taken.size() == ROOM && !places.containsKey(name))) {
                assigned.add(service);
                continue;
            }
            int place = places.computeIfAbsent(name, n -> free(n, taken));
            assigned.add(service.withAutomatic(List.of(v4(place), v6(place))));
        }
        return List.copyOf(assigned);
    }

    private static boolean needsOne(MeshService service) {
        return service.kind() == MeshService.Kind.SERVICE_ENTRY
                && service.addresses().isEmpty()
                && service.resolution() != MeshService.Resolution.PASSTHROUGH
                && !service.host().startsWith("*");
    }

    private static int free(String name, Set<Integer> taken) {
        int place = Math.floorMod(hash(name), ROOM);
        while (!taken.add(place)) {
            place = (place + 1) % ROOM;
        }
        return place;
    }

    private static String v4(int place) {
        return "240.240." + place / PER_BLOCK + "." + (place % PER_BLOCK + 1);
    }

    private static String v6(int place) {
        return "2001:2::f0f0:" + Integer.toHexString(place + 1);
    }

    /** FNV-1a: the same in every process. */
    private static int hash(String name) {
        int hash = FNV_BASIS;
        for (int i = 0; i < name.length(); i++) {
            hash = (hash ^ name.charAt(i)) * FNV_PRIME;
        }
        return hash;
    }
}
