//! What processes used, from `/proc`.

use std::fs;
use std::io;
use std::time::Duration;

/// Linux tells times to programs in hundredths of a second, whatever the kernel counts in.
const TICK: Duration = Duration::from_millis(10);

/// The time that a process had on cores, those of its children that have ended not included.
pub fn cpu(pid: u32) -> io::Result<Duration> {
    let stat = Stat::of(pid)?;
    Ok(TICK * (stat.user + stat.system))
}

/// The same with all its children, ended or not.
pub fn cpu_of_family(pid: u32) -> io::Result<Duration> {
    let own = Stat::of(pid)?;
    let mut ticks = own.user + own.system + own.ended_children;
    for entry in fs::read_dir("/proc")?.flatten() {
        let child = entry.file_name().to_string_lossy().parse().ok();
        // It may end while we look.
        if let Some(Ok(child)) = child.map(Stat::of)
            && child.parent == pid
        {
            ticks += child.user + child.system;
        }
    }
    Ok(TICK * ticks)
}

/// The time that all cores were busy, whoever with.
pub fn cpu_of_all() -> io::Result<Duration> {
    let text = fs::read_to_string("/proc/stat")?;
    let line = text.lines().next().unwrap_or_default();
    let ticks: Vec<u32> = line
        .split_whitespace()
        .filter_map(|n| n.parse().ok())
        .collect();
    // user, nice, system, idle, waiting for the disk, interrupts of two kinds, stolen
    let busy = ticks.iter().zip(0..).filter(|(_, n)| ![3, 4].contains(n));
    Ok(TICK * busy.map(|(ticks, _)| ticks).take(6).sum::<u32>())
}

/// The most memory that a process ever had, in MiB.
pub fn peak_memory(pid: u32) -> io::Result<f64> {
    let text = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let peak = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = peak.and_then(|peak| peak.trim().split(' ').next()?.parse::<f64>().ok());
    Ok(kib.unwrap_or(f64::NAN) / 1024.0)
}

struct Stat {
    parent: u32,
    user: u32,
    system: u32,
    ended_children: u32,
}

impl Stat {
    fn of(pid: u32) -> io::Result<Self> {
        let text = fs::read_to_string(format!("/proc/{pid}/stat"))?;
        // The name may hold spaces and brackets; what follows it does not.
        let after_name = text.rsplit_once(") ").map_or("", |(_, after)| after);
        let fields: Vec<u32> = after_name
            .split(' ')
            .map(|field| field.trim().parse().unwrap_or(0))
            .collect();
        let field = |number: usize| fields.get(number - 3).copied().unwrap_or(0);
        Ok(Self {
            parent: field(4),
            user: field(14),
            system: field(15),
            ended_children: field(16) + field(17),
        })
    }
}
