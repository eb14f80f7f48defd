'use strict';

const { listOf } = require('./values.js');

// A VPC for the functions, where a stage names subnets and securityGroups, and what their roles need
// for it: Lambda itself makes and removes the network interfaces, with the function's role.
// https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html

// They take no resource that could be named before the interfaces exist.
const INTERFACES = [
  'ec2:CreateNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:DeleteNetworkInterface',
  'ec2:AssignPrivateIpAddresses',
  'ec2:UnassignPrivateIpAddresses',
];

exports.config = async ({ resolveVariable }) => {
  const [subnetIds, securityGroupIds] = await Promise.all(
    ['subnets', 'securityGroups'].map(async (name) =>
      listOf(await resolveVariable(`param:${name}`))
    )
  );
  if (!subnetIds.length !== !securityGroupIds.length) {
    throw new Error('a VPC needs both params, subnets and securityGroups');
  }
  return subnetIds.length ? { subnetIds, securityGroupIds } : null;
};

// Wherever a VPC is named, by the params or by hand. Without a source function it is Lambda that asks,
// and not code that runs in one with its role.
exports.mayJoin = async ({ resolveConfigurationProperty }) => {
  const provider = await resolveConfigurationProperty(['provider', 'vpc']);
  const functions = await resolveConfigurationProperty(['functions']);
  // A part that is off has no function.
  const joined = [provider, ...Object.values(functions).map((each) => each?.vpc)].some(Boolean);
  const Condition = { Null: { 'lambda:SourceFunctionArn': 'true' } };
  return joined
    ? { Sid: 'JoinVpc', Effect: 'Allow', Action: INTERFACES, Resource: '*', Condition }
    : { Ref: 'AWS::NoValue' };
};
