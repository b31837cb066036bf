use super::Standing::{Proven, Unproven};
use super::*;

/// Lanes of 16 attempts each, by organization and host.
#[derive(Default)]
struct House {
    shares: Shares,
    lanes: HashMap<(i64, usize), Vec<Share>>,
}

fn member(organization: i64, host: usize) -> Member {
    Member {
        organization: OrganizationId(organization),
        host: format!("host-{host}.example").into(),
    }
}

impl House {
    /// What a lane of the organization at the host gets when it wants 16 open attempts.
    fn fill(&mut self, organization: i64, lane: usize, host: usize, standing: Standing) -> usize {
        let member = member(organization, host);
        let open = self.lanes.entry((organization, lane)).or_default();
        let allowed = self.shares.allowance(&member, standing, open.len());
        let wanted = 16_usize.saturating_sub(open.len()).min(allowed);
        for _ in 0..wanted {
            open.push(self.shares.take(&member, standing, open.len()));
        }
        open.len()
    }
}

#[test]
fn one_lane_gets_what_it_wants() {
    let mut house = House::default();
    assert_eq!(house.fill(1, 1, 1, Unproven), 16);
    assert_eq!(house.fill(1, 2, 2, Proven), 16);
    assert_eq!(house.shares.open(), 32);
}

#[test]
fn a_thousand_that_hang_leave_room_for_each_other_and_for_all_that_answer() {
    // All of one organization, at one host: no fairness between those helps.
    let mut house = House::default();
    let hanging: Vec<_> = (0..1_000)
        .map(|lane| house.fill(1, lane, 1, Unproven))
        .collect();
    assert!(hanging.iter().all(|open| *open >= 1));
    assert_eq!(house.fill(1, 5_000, 1, Proven), 16);
    assert!(house.fill(2, 1, 2, Unproven) >= 1, "a newcomer is tried");
}

#[test]
fn however_many_hang_an_answering_lane_is_whole() {
    let mut house = House::default();
    for lane in 0..10_000 {
        house.fill(1 + lane as i64, lane, lane, Unproven);
    }
    assert_eq!(house.shares.open(), UNPROVEN_MAX);
    assert_eq!(house.fill(20_000, 1, 1, Proven), 16);
}

#[test]
fn an_organization_leaves_as_much_as_it_takes() {
    let mut house = House::default();
    for lane in 0..1_000 {
        house.fill(1, lane, lane, Proven);
    }
    let open = house.shares.open();
    let half = OPEN_ATTEMPTS_MAX / 2;
    assert!((half..OPEN_ATTEMPTS_MAX).contains(&open), "{open}");
    assert_eq!(house.fill(2, 1, 5_000, Proven), 16);
}

#[test]
fn a_host_leaves_as_much_as_it_takes() {
    let mut house = House::default();
    for lane in 0..1_000 {
        house.fill(lane as i64, lane, 1, Proven);
    }
    assert_eq!(house.fill(5_000, 1, 2, Proven), 16);
}

#[test]
fn what_is_released_is_free_again() {
    let mut house = House::default();
    for lane in 0..3_000 {
        house.fill(
            1,
            lane,
            lane % 7,
            if lane % 3 == 0 { Proven } else { Unproven },
        );
        assert!(house.shares.open() <= OPEN_ATTEMPTS_MAX);
        assert!(house.shares.unproven.open <= UNPROVEN_MAX);
    }
    for share in house.lanes.into_values().flatten() {
        house.shares.release(&share);
    }
    assert_eq!(house.shares.open(), 0);
    assert_eq!(house.shares.unproven_further, 0);
    assert!(house.shares.proven.organizations.is_empty());
    assert!(house.shares.unproven.hosts.is_empty());
}
